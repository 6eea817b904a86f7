/** The student as it is trained: with adaptors where the teacher has other channels, and with zeros that stay zero. */
import { withWritten } from '../autograd/differentiate.ts';
import { allValueNames } from '../graph/index-graph.ts';
import type { Model, Node, Tensor } from '../graph/ir.ts';
import { makeTensor } from '../graph/make.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { GraphWriter } from '../operators/graph-writer.ts';
import { defaultOpset } from '../passes/upgrade-opset.ts';
import type { Match, Target } from './match.ts';

export interface StudentGraph {
  readonly model: Model;
  readonly targets: readonly Target[];
  /** Weights that it has beside those of the student. */
  readonly adaptors: readonly string[];
  /** Parameters with zeros that stay. */
  readonly masked: readonly string[];
}

/** A share of zeros above which pruning made them, and not chance. */
const PRUNED = 0.05;

/**
 * Puts behind each value whose teacher has more or fewer channels a matrix that is trained with the rest, and before each weight
 * that has zeros from pruning a mask that keeps them.
 * @param parameters names of the initializers that are trained
 * @see Romero et al. 2015 (hints for thin deep nets), for the matrices
 */
export function studentGraph(student: Model, matches: readonly Match[], parameters: readonly string[]): StudentGraph {
  const taken = allValueNames(student.graph);
  const write = new GraphWriter({ taken, opset: defaultOpset(student), prefix: 'student' });
  const adaptors: Tensor[] = [];
  const masks = maskZeros(student, parameters, write);
  const before = write.nodes.splice(0);
  const targets = matches.map((match): Target => {
    const { kind, student: value, dims, targetDims, axis, adaptor } = match;
    const names = { match, input: write.fresh('distill/target'), loss: write.fresh('distill/loss') };
    if (kind !== 'values' || adaptor === undefined) return { ...names, value };
    const matrix = makeTensor(write.fresh('student/adaptor'), 'float32', [dims[axis]!, targetDims[axis]!], adaptor);
    adaptors.push(matrix);
    return { ...names, value: adapted(write, value, matrix.name, { axis, rank: dims.length }) };
  });
  const nodes = student.graph.nodes.map((node) => withMasks(node, masks));
  const masked: Model = {
    ...student,
    graph: {
      ...student.graph,
      nodes: [...before, ...nodes],
      initializers: [...student.graph.initializers, ...adaptors],
      valueInfos: [],
    },
  };
  return {
    model: withWritten(masked, write),
    targets,
    adaptors: adaptors.map(({ name }) => name),
    masked: [...masks.keys()],
  };
}

function adapted(
  write: GraphWriter,
  value: string,
  matrix: string,
  { axis, rank }: { readonly axis: number; readonly rank: number },
): string {
  const axes = Array.from({ length: rank }, (_, at) => at);
  const last = [...axes.filter((at) => at !== axis), axis];
  const back = axes.map((at) => last.indexOf(at));
  return write.transpose(write.matmul(write.transpose(value, last), matrix), back);
}

/** The masked value of each weight that has zeros, by the weight's name. */
function maskZeros(student: Model, parameters: readonly string[], write: GraphWriter): ReadonlyMap<string, string> {
  const trained = new Set(parameters);
  const masks = new Map<string, string>();
  for (const tensor of student.graph.initializers) {
    if (!trained.has(tensor.name) || tensor.dims.length < 2) continue;
    const mask = Float32Array.from(tensorValues(tensor) as ArrayLike<number>, (value) => (value === 0 ? 0 : 1));
    const zeros = mask.reduce((count, kept) => count + 1 - kept, 0);
    if (zeros < PRUNED * mask.length) continue;
    masks.set(tensor.name, write.mul(tensor.name, write.constant('float32', tensor.dims, mask)));
  }
  return masks;
}

function withMasks(node: Node, masks: ReadonlyMap<string, string>): Node {
  if (!node.inputs.some((input) => masks.has(input))) return node;
  return { ...node, inputs: node.inputs.map((input) => masks.get(input) ?? input) };
}
