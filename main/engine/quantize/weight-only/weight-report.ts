import type { WeightOnlyStep } from '../../../contract/recipe/quantize-weight-only.ts';
import type { Model, Node, Tensor } from '../../graph/ir.ts';
import { elementCount, tensorByteLength } from '../../graph/tensor-size.ts';
import { walkNodes } from '../../graph/walk.ts';
import { hasTrait } from '../../operators/ask.ts';
import { sourcesOf, type Sources } from '../../passes/pass.ts';
import { innerWeightNotes } from '../inner-weights.ts';
import type { CodedWeights, QuantizedLayer } from '../layer-report.ts';
import { BITS, type CodedMatrix } from './code-matrices.ts';
import type { FoundMatrices, StoredMatrix } from './find-matrices.ts';

interface Outcome {
  readonly found: FoundMatrices;
  readonly coded: readonly CodedMatrix[];
  /** What each matrix takes now. */
  readonly bytes: ReadonlyMap<StoredMatrix, number>;
  /** The layers of the source that each node stands for. */
  readonly sources: Sources;
}

type State = Omit<QuantizedLayer, 'name' | 'op'>;

/** Every layer of the source in its order, subgraphs included, Constant nodes left out. */
export function describeWeights(source: Model, outcome: Outcome, step: WeightOnlyStep): readonly QuantizedLayer[] {
  const states = new Map<string, State>();
  const say = (node: Node, state: State): void => {
    for (const layer of sourcesOf(outcome.sources, node.name)) if (!states.has(layer)) states.set(layer, state);
  };
  // DequantizeLinear may be fused or not: that was not looked at.
  const fused = step.format === 'nbits' ? true : null;
  for (const made of outcome.coded) {
    const [first, ...others] = made.matrix.uses;
    say(first!.node, { quantized: true, fused, reason: null, weights: codedWeights(made, outcome) });
    for (const { node } of others) {
      say(node, { quantized: true, fused, reason: `shares the codes of '${first!.node.name}'` });
    }
  }
  for (const { node, reason } of outcome.found.left) say(node, { quantized: false, fused: null, reason });
  const layers: QuantizedLayer[] = [];
  for (const { node, layer: name, parent } of walkNodes(source)) {
    if (hasTrait(node, 'constant')) continue;
    const reason =
      parent === null ? 'has no weights that become codes' : `inside a subgraph of '${parent}', which stays`;
    layers.push({ name, op: node.opType, ...(states.get(name) ?? { quantized: false, fused: null, reason }) });
  }
  return layers;
}

function codedWeights({ matrix, codes, weightSqnrDb, outputSqnrDb }: CodedMatrix, { bytes }: Outcome): CodedWeights {
  return {
    bits: codes.format.bits,
    sqnrDb: weightSqnrDb,
    outputSqnrDb,
    bytes: { before: floatBytes(matrix), after: bytes.get(matrix) ?? 0 },
  };
}

function floatBytes({ tensor, copies }: StoredMatrix): number {
  return [tensor, ...copies.map((copy) => copy.tensor)].reduce((sum, each) => sum + tensorByteLength(each), 0);
}

/** What a user should know of what was done, one sentence each. */
export function weightNotes(source: Model, { found, coded, bytes }: Outcome, step: WeightOnlyStep): readonly string[] {
  const bits = BITS[step.scheme];
  const [left] = found.left;
  const inner = innerWeightNotes(source);
  if (coded.length === 0) {
    const why = left === undefined ? '' : `; '${left.node.name}': ${left.reason}`;
    return [
      `No layer of this model has weights that become codes of ${bits} bits; it stays as it was${why}.`,
      ...inner,
    ];
  }
  const notes: string[] = [...inner];
  const before = coded.reduce((sum, { matrix }) => sum + floatBytes(matrix), 0);
  const after = [...bytes.values()].reduce((sum, each) => sum + each, 0);
  const weights = coded.reduce((sum, { matrix: { rows, columns } }) => sum + rows * columns, 0);
  const rate = ((after * 8) / weights).toFixed(1);
  notes.push(
    `${counted(coded.length, 'matrix', 'matrices')} in ${bits} bits: ${sizeOf(before)} became ${sizeOf(after)}, ${rate} bits for each weight with scales.`,
  );
  const copies = new Set<Tensor>(coded.flatMap(({ matrix }) => matrix.copies.map(({ tensor }) => tensor)));
  if (copies.size > 0) {
    const saved = [...copies].reduce((sum, tensor) => sum + elementCount(tensor.dims), 0);
    notes.push(`A lookup table and a head were two copies of ${saved} weights; they are stored once now.`);
  }
  return notes;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function sizeOf(bytes: number): string {
  return bytes < 2 ** 20 ? `${(bytes / 1024).toFixed(0)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
