import type { Evidence, Finding } from '../../../contract/doctor.ts';
import { median } from '../../../judge/statistics/median.ts';
import { makeGraph, makeModel, makeTensor, makeValueInfo } from '../../graph/make.ts';
import type { Model } from '../../graph/ir.ts';
import { matrixProductNode } from '../../operators/nodes.ts';
import { isRefusal } from '../../passes/check-pass.ts';
import { fastPackedWeights, packedProducts, type PackedProduct } from '../../passes/packed-weights.ts';
import { sourceOfModel } from '../../runtime/model-source.ts';
import { seededRandom } from '../../tensor/random.ts';
import type { Subject } from '../subject.ts';
import type { Surroundings } from './surroundings.ts';

/** Runs of one product with one row of data, as when a language model writes. */
const RUNS = 15;

/**
 * Times one product of each finding about packed weights alone, with one row of data: as it is, mended, and in float32.
 * @returns the findings with these times as evidence
 * @throws RUNTIME_DIED, CANCELLED
 */
export async function timePacked(
  findings: readonly Finding[],
  subject: Subject,
  around: Surroundings,
): Promise<readonly Finding[]> {
  const products = new Map(packedProducts(subject.index).map((product) => [product.node.name, product]));
  const timed: Finding[] = [];
  for (const finding of findings) {
    const product = products.get(finding.layers[0]?.name ?? '');
    timed.push(product === undefined ? finding : withTimes(finding, await timesOf(product, subject, around)));
  }
  return timed;
}

interface Times {
  readonly asIs: number | undefined;
  readonly mended: number | undefined;
  readonly float: number | undefined;
}

function withTimes(finding: Finding, { asIs, mended, float }: Times): Finding {
  const of = (label: string, value: number | undefined): readonly Evidence[] =>
    value === undefined ? [] : [{ label, value, unit: 'ms' }];
  const evidence = [...of('first of them, as it is', asIs), ...of('mended', mended), ...of('in float32', float)];
  const fix =
    finding.fix === null || asIs === undefined || mended === undefined
      ? finding.fix
      : { ...finding.fix, evidence: [...of('first product before', asIs), ...of('after', mended)] };
  return { ...finding, evidence: [...finding.evidence, ...evidence], measured: evidence.length > 0, fix };
}

async function timesOf(product: PackedProduct, { model }: Subject, around: Surroundings): Promise<Times> {
  const alone = aloneOf(product, model);
  const mended = fastPackedWeights(alone).model;
  return {
    asIs: await timeOf(alone, product, around),
    mended: mended === alone ? undefined : await timeOf(mended, product, around),
    float: await timeOf(floatProduct(product), product, around),
  };
}

/** A model of this product alone, on one row. */
function aloneOf({ node, k, n }: PackedProduct, { graph, opsetImports, irVersion }: Model): Model {
  const [, ...weights] = node.inputs;
  const alone = makeGraph({
    nodes: [{ ...node, inputs: ['x', ...weights], outputs: ['y'] }],
    initializers: graph.initializers.filter(({ name }) => weights.includes(name)),
    inputs: [makeValueInfo('x', 'float32', [1, k])],
    outputs: [makeValueInfo('y', 'float32', [1, n])],
  });
  return makeModel(alone, { irVersion, opsetImports });
}

/** A float32 product of the same size; what the weights are does not matter to its time. */
function floatProduct({ k, n }: PackedProduct): Model {
  const random = seededRandom(1);
  const values = Float32Array.from({ length: k * n }, () => random() - 0.5);
  return makeModel(
    makeGraph({
      nodes: [matrixProductNode(['x', 'w'], 'y')],
      initializers: [makeTensor('w', 'float32', [k, n], values)],
      inputs: [makeValueInfo('x', 'float32', [1, k])],
      outputs: [makeValueInfo('y', 'float32', [1, n])],
    }),
  );
}

/** Median time in ms; undefined where the runtime refuses it, as it does half precision and odd settings. */
async function timeOf(
  model: Model,
  { k }: PackedProduct,
  { runner, context }: Surroundings,
): Promise<number | undefined> {
  const random = seededRandom(2);
  const x = { dtype: 'float32' as const, dims: [1, k], data: Float32Array.from({ length: k }, () => random() - 0.5) };
  const { signal } = context;
  try {
    const session = await runner.load(sourceOfModel(model), { provider: 'cpu', threads: null }, { signal });
    const { timesMs } = await session.time({ x }, { warmup: 3, runs: RUNS }, { signal });
    await session.close();
    return median(timesMs);
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}
