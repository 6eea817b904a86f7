/**
 * Predicts what int8 brings in time and size before anything was run. A prediction, and drawn as one.
 *
 * Time: the baseline's measured time of each layer, multiplied by what int8 did to such layers on a 2-core AVX2 machine
 * without VNNI, whole models and single layers measured (docs/algorithms: 3×3 Conv 3.2 → 1.7 ms, MatMul 8.4 → 4.8 ms,
 * depthwise Conv 2.3 → 3.5 ms). Everything else is taken as unchanged. The band is 0.75…1.4 of it.
 */
import type { LayerTable } from '../../contract/layers.ts';
import type { ProfileLayer } from '../../contract/results.ts';
import type { QuantizePlan } from '../../contract/studio.ts';
import type { Range } from './range.ts';

/** What a layer's time is multiplied by. */
export const INT8_TIME_FACTORS = { conv: 0.55, depthwise: 1.5, matmul: 0.57 } as const;

/** What the time prediction looks at. */
export interface Int8TimeInputs {
  /** Of the baseline's profile. */
  readonly layers: readonly ProfileLayer[];
  readonly latencyMs: number;
  readonly plan: QuantizePlan;
  readonly exclude: ReadonlySet<string>;
}

/** Latency after int8, milliseconds; see the file's head for the method. */
export function predictInt8Latency(inputs: Int8TimeInputs): Range {
  const kernels = integerKernels(inputs.plan);
  let before = 0;
  let after = 0;
  for (const layer of inputs.layers) {
    const kernel = inputs.exclude.has(layer.name) ? undefined : kernels.get(layer.name);
    before += layer.timeMs;
    after += layer.timeMs * (kernel === undefined ? 1 : INT8_TIME_FACTORS[kernel]);
  }
  const value = inputs.latencyMs * (before > 0 ? after / before : 1);
  return { value, low: value * 0.75, high: value * 1.4 };
}

type Kernels = ReadonlyMap<string, keyof typeof INT8_TIME_FACTORS>;

const kernelsByPlan = new WeakMap<QuantizePlan, Kernels>();

/** The layers whose weights would meet an integer kernel, and which; made once for a plan. */
function integerKernels(plan: QuantizePlan): Kernels {
  const known = kernelsByPlan.get(plan);
  if (known !== undefined) return known;
  const kernels = new Map(
    plan.layers.flatMap(({ name, quantizable, kernel }) => (quantizable && kernel !== null ? [[name, kernel]] : [])),
  );
  kernelsByPlan.set(plan, kernels);
  return kernels;
}

/** The columns of a model's table of layers that say what its weights take. */
export type LayerWeights = Pick<LayerTable, 'names' | 'parameters' | 'parameterBytes'>;

/**
 * Bytes of the file after int8: what it takes with all layers in it, and for each that is left out the three of four bytes of its
 * weights that are not saved then. The pairs around those are counted as if they were there: some hundred bytes for each.
 * @returns null: nothing can run in int8
 */
export function int8Bytes(layers: LayerWeights, plan: QuantizePlan, exclude: ReadonlySet<string>): number | null {
  if (plan.int8Bytes === null) return null;
  const kernels = integerKernels(plan);
  let bytes = plan.int8Bytes;
  for (const [at, name] of layers.names.entries()) {
    const parameters = layers.parameters[at]!;
    const left = kernels.has(name) && exclude.has(name);
    if (left && layers.parameterBytes[at] === parameters * 4) bytes += parameters * 3;
  }
  return bytes;
}
