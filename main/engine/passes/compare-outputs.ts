import { sqnrDb, type ErrorSums } from '../../judge/signal-error.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { Model } from '../graph/ir.ts';
import { withRunnable } from '../runtime/runnable-model.ts';
import type { Runner } from '../runtime/runner.ts';
import type { ModelSource, SessionSettings } from '../runtime/settings.ts';
import { float16ToFloat32 } from '../tensor/half.ts';
import type { HostTensor, HostTensors } from '../tensor/host-tensor.ts';

/** One output of two models on the same input. */
export interface OutputComparison {
  readonly name: string;
  readonly expected: Pick<HostTensor, 'dtype' | 'dims'>;
  /** undefined: the second model does not give this output. */
  readonly got: Pick<HostTensor, 'dtype' | 'dims'> | undefined;
  /**
   * Signal to noise in dB over the elements; of integers, booleans and texts: that of equal signals where all are equal, else
   * that of the numbers. −Infinity where types or shapes differ. Elements that are the same NaN or infinity are equal.
   */
  readonly sqnrDb: number;
  /** What that follows from, to be added up over several runs: Σ x², and Σ (x − y)², Infinity where sqnrDb is −Infinity. */
  readonly sums: Pick<ErrorSums, 'reference' | 'difference'>;
  /** Elements that are finite in the first model and NaN or infinite in the second. */
  readonly lost: number;
}

/** The outputs of one run, each beside that of the same name of another. */
export function compareOutputs(expected: HostTensors, got: HostTensors): readonly OutputComparison[] {
  return Object.entries(expected).map(([name, tensor]) => compareTensors(name, tensor, got[name]));
}

const SETTINGS: SessionSettings = { provider: 'cpu', threads: null };
/** Float weights are computed with as they lie: to pack them takes longer than one run saves, and the memory of the model once more. */
const UNPACKED = { 'session.disable_prepacking': '1' } as const;

/**
 * Loads a model, runs it once and lets it go.
 * @param options.unpacked for float models: the same but for rounding, with less memory
 * @throws RUNTIME_LOAD_FAILED, RUNTIME_RUN_FAILED, SHAPE_MISMATCH, RUNTIME_DIED, CANCELLED
 */
export async function runOnce(
  model: Model | ModelSource,
  feeds: HostTensors,
  runner: Runner,
  { signal }: Pick<TaskContext, 'signal'>,
  options: { readonly unpacked?: boolean } = {},
): Promise<HostTensors> {
  const settings = options.unpacked === true ? { ...SETTINGS, config: UNPACKED } : SETTINGS;
  const run = async (source: ModelSource): Promise<HostTensors> => {
    const session = await runner.load(source, settings, { signal });
    try {
      return await session.run(feeds, { signal });
    } finally {
      if (runner.alive) await session.close();
    }
  };
  return 'graph' in model ? withRunnable(model, run, { signal }) : run(model);
}

function compareTensors(name: string, expected: HostTensor, got: HostTensor | undefined): OutputComparison {
  const row = { name, expected: describe(expected), got: got === undefined ? undefined : describe(got) };
  const sameForm =
    got?.dtype === expected.dtype &&
    got.dims.length === expected.dims.length &&
    got.dims.every((size, axis) => size === expected.dims[axis]);
  if (!sameForm) return { ...row, sqnrDb: -Infinity, sums: { reference: 0, difference: Infinity }, lost: 0 };
  const [a, b] = [elementsOf(expected), elementsOf(got)];
  let [reference, difference, lost] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (Object.is(x, y)) {
      if (isFiniteNumber(x)) reference += Number(x) ** 2;
      continue;
    }
    const [from, to] = [Number(x), Number(y)];
    if (!Number.isFinite(to) || !Number.isFinite(from)) {
      if (Number.isFinite(from)) lost++;
      difference = Infinity;
      continue;
    }
    reference += from ** 2;
    difference += (from - to) ** 2;
  }
  const sums = { reference, difference };
  return { ...row, sqnrDb: difference === Infinity ? -Infinity : sqnrDb(sums), sums, lost };
}

function describe({ dtype, dims }: HostTensor): Pick<HostTensor, 'dtype' | 'dims'> {
  return { dtype, dims };
}

function isFiniteNumber(value: number | bigint | string): boolean {
  return typeof value !== 'string' && Number.isFinite(Number(value));
}

function elementsOf({ dtype, data }: HostTensor): ArrayLike<number | bigint | string> {
  return dtype === 'float16' ? float16ToFloat32(data as Uint16Array) : data;
}
