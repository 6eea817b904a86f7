import { indexGraph } from '../graph/index-graph.ts';
import type { Model, Node, Tensor } from '../graph/ir.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { readWeights, biasChange } from '../linear/layer-weights.ts';
import type { SolvableLayer } from '../linear/solvable-layers.ts';
import { roundedTo, writeConstants, type ConstantChange } from '../linear/write-weights.ts';
import { hasTrait } from '../operators/ask.ts';
import { inferModel } from '../operators/infer.ts';
import { operatorSpec } from '../operators/table.ts';
import { unchanged } from '../passes/pass.ts';
import { runChecked } from '../passes/run-checked.ts';
import { givenBy } from './absorb-bias.ts';
import { channelExtremes, type Extremes } from './channel-extremes.ts';
import type { EqualizeTask } from './task.ts';

/** A normalization whose output only layers with weights and a bias read. */
interface ShiftedNorm {
  readonly node: Node;
  readonly offset: number;
  readonly tensor: Tensor;
  readonly value: string;
  readonly rank: number;
  readonly to: readonly SolvableLayer[];
}

/**
 * Puts the middle of each channel's range at zero, so that one range serves all of them: β of a normalization becomes β − c, and the
 * layers behind take up W·c in their biases. What is quantized between is narrower wherever channels lie beside each other.
 * @returns the model, which computes the same, and how many channels were moved
 * @see Li et al. 2023 (RepQ-ViT, arXiv 2212.08254), whose zero points of channels this are; Wei et al. 2023 (Outlier Suppression+), eq. 4
 */
export async function shiftData(
  task: EqualizeTask,
): Promise<{ readonly model: Model; readonly channels: number; readonly notes: readonly string[] }> {
  const { runner, context, feeds, model } = task;
  const norms = shiftedNorms(model, task.layersOf(model).layers);
  const wanted = norms.map(({ value, rank }) => ({ value, axis: rank - 1, rank }));
  const run = { runner, batches: task.samples.all(), samples: task.limit };
  const extremes = await channelExtremes(model, wanted, run, context);
  const changes = norms.flatMap((norm) => changesOf(norm, extremes.get(norm.value)!));
  const written = await runChecked(
    model,
    [{ title: 'Moving the middle of data into biases', run: () => unchanged(writeConstants(model, changes)) }],
    feeds,
    { runner, context },
  );
  const moved = written.model === model ? 0 : norms.reduce((sum, { tensor }) => sum + (tensor.dims[0] ?? 0), 0);
  const told = moved === 0 ? [] : [`The middle of ${moved} channels behind ${norms.length} normalizations was moved into biases.`]; // prettier-ignore
  return { model: written.model, channels: moved, notes: [...written.notes, ...told] };
}

function shiftedNorms(model: Model, layers: readonly SolvableLayer[]): readonly ShiftedNorm[] {
  const index = indexGraph(model.graph);
  const { values } = inferModel(model);
  const byNode = new Map(layers.map((layer) => [layer.node, layer]));
  return model.graph.nodes.flatMap((node): ShiftedNorm[] => {
    const rule = operatorSpec(node.domain, node.opType)?.scaling;
    if (rule?.kind !== 'gains' || !rule.channelsLast || rule.offset === undefined) return [];
    const [value = ''] = node.outputs;
    const name = node.inputs[rule.offset] ?? '';
    const tensor = index.initializer(name);
    // A shape is the same whatever the values.
    const readers = index.consumers(value).filter((reader) => !hasTrait(reader, 'readsShape'));
    const to = readers.flatMap((reader) => byNode.get(reader) ?? []);
    const rank = values.get(value)?.shape?.length;
    const taken = readers.length > 0 && to.length === readers.length && to.every((layer) => takesShift(layer, value));
    if (tensor?.dims.length !== 1 || rank === undefined || !taken) return [];
    if (index.consumers(name).length !== 1 || index.isOutput(name) || index.isOutput(value)) return [];
    return [{ node, offset: rule.offset, tensor, value, rank, to }];
  });
}

/** A product of these data alone, with a bias to add to. */
function takesShift({ data, bias, form }: SolvableLayer, value: string): boolean {
  return data === value && bias !== undefined && form.channelsLast && form.groups === 1 && form.taps === 1;
}

function changesOf({ node, offset, tensor, to }: ShiftedNorm, { least, largest }: Extremes): readonly ConstantChange[] {
  const middle = largest.map((most, j) => (most + least[j]!) / 2);
  const { dtype, dims } = tensor;
  const beta = Float64Array.from(tensorValues(tensor) as ArrayLike<number>, (value, j) => value - middle[j]!);
  const biases = to.map((layer) => {
    const given = givenBy(layer, middle);
    const groups = readWeights(layer).map(({ bias }, at) => ({
      bias: bias.map((value, m) => value + given[at * bias.length + m]!),
    }));
    return biasChange(layer, layer.bias!, groups);
  });
  return [{ node, input: offset, tensor, dtype, dims, values: roundedTo(dtype, beta) }, ...biases];
}
