import { sqnrDb } from '../../judge/signal-error.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { Model } from '../graph/ir.ts';
import { runOnce } from '../passes/compare-outputs.ts';
import type { ValueKnowledge } from '../passes/upgrade-opset.ts';
import { sourceOfModel } from '../runtime/model-source.ts';
import type { Runner } from '../runtime/runner.ts';
import type { HostTensor, HostTensors } from '../tensor/host-tensor.ts';
import { buildAloneModel, type LayerAlone } from './error-model.ts';

/** What a check of integer kernels runs on. */
export interface KernelCheck {
  /** The float model, and the same quantized; every node of one name in both. */
  readonly float: Model;
  readonly quantized: Model;
  readonly knowledge: ValueKnowledge;
  /** One batch of calibration data. */
  readonly feeds: HostTensors;
  /** The step between two codes of a layer's output; undefined where that stays float. */
  readonly stepOf: (layer: string) => number | undefined;
}

/**
 * Finds integer kernels that compute something else than the operator they stand for: AveragePool with ceil_mode, say, or
 * sums that saturate on CPUs without VNNI. Each quantized layer runs alone on the float model's tensors, once as the runtime
 * fuses it and once as it is written (DequantizeLinear, float operator, QuantizeLinear); both are compared with the float
 * layer. A correct kernel rounds otherwise at most, which is less than half a step in the mean.
 * @returns for each kernel that disagrees, why
 * @throws RUNTIME_LOAD_FAILED, RUNTIME_RUN_FAILED, RUNTIME_DIED, CANCELLED
 */
export async function checkKernels(
  check: KernelCheck,
  runner: Runner,
  context: TaskContext,
): Promise<ReadonlyMap<string, string>> {
  const { model, layers } = buildAloneModel(check.float, check.quantized, check.knowledge, { parts: false });
  const refused = new Map<string, string>();
  if (layers.length === 0) return refused;
  context.progress({ stage: 'Checking kernels', done: 0, total: 2 });
  const fused = await runOnce(model, check.feeds, runner, context);
  context.progress({ stage: 'Checking kernels', done: 1, total: 2 });
  const session = await runner.load(
    sourceOfModel(model),
    { provider: 'cpu', threads: null, optimization: 'disabled' },
    { signal: context.signal },
  );
  const written = await session.run(check.feeds, { signal: context.signal });
  await session.close();
  context.progress({ stage: 'Checking kernels', done: 2, total: 2 });
  for (const layer of layers) {
    const reason = disagreement(layer, { fused, written }, check.stepOf(layer.name));
    if (reason !== undefined) refused.set(layer.name, reason);
  }
  return refused;
}

/** In the mean over the elements, a kernel that rounds otherwise is off by 0.3 of a step. */
const MOST_STEPS = 0.5;
/** Where the output is float, a kernel may lose so much against the operator as written. */
const MOST_DB = 3;
/** An error this far below the signal is rounding, whatever it is compared with. */
const NO_ERROR_DB = 60;

function disagreement(
  { local, reference: float, size }: LayerAlone,
  runs: { readonly fused: HostTensors; readonly written: HostTensors },
  step: number | undefined,
): string | undefined {
  const reference = total(runs.written[float]);
  const count = total(runs.written[size]);
  const [fused, written] = [total(runs.fused[local]), total(runs.written[local])];
  // The float layer itself overflows: nothing can be said about the kernel.
  if (!Number.isFinite(reference) || !Number.isFinite(written)) return undefined;
  const [fusedDb, writtenDb] = [fused, written].map((difference) => sqnrDb({ reference, difference }));
  const text = `its integer kernel gives ${db(fusedDb!)} on calibration data where the operator gives ${db(writtenDb!)}`;
  if (!Number.isFinite(fused)) return `${text}: it computes something else`;
  if (fusedDb! >= Math.min(writtenDb! - 1e-9, NO_ERROR_DB)) return undefined;
  const apart = (Math.sqrt(fused) - Math.sqrt(written)) / Math.sqrt(Math.max(1, count));
  const disagrees = step === undefined ? writtenDb! - fusedDb! > MOST_DB : apart > MOST_STEPS * step;
  return disagrees ? `${text}: it computes something else` : undefined;
}

function db(value: number): string {
  return Number.isFinite(value) ? `${value.toFixed(1)} dB` : 'no number';
}

function total(tensor: HostTensor | undefined): number {
  let sum = 0;
  for (const value of tensor?.data ?? []) sum += Number(value);
  return sum;
}
