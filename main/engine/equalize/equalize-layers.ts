import type { Model } from '../graph/ir.ts';
import { compareOutputs, runOnce } from '../passes/compare-outputs.ts';
import { describeDifference } from '../passes/check-pass.ts';
import { unchanged } from '../passes/pass.ts';
import { runChecked } from '../passes/run-checked.ts';
import { runInterruptibly } from '../tensor/linear/interruptible.ts';
import { absorbBiases, rectifiedPairs } from './absorb-bias.ts';
import { channelExtremes, type ChannelValue, type Extremes } from './channel-extremes.ts';
import { ChannelMaxima } from './channel-maxima.ts';
import { crossLayerFactors, WIDEST, type Factors } from './cross-layer.ts';
import type { Equalized, EqualizeTask } from './task.ts';
import { factorRanges, limitedValues, withoutUpperLimits } from './limits.ts';
import { spreadOf, type EqualizedGroup } from './outcome.ts';
import { closeScales, type ScaleClosure } from './scale-closure.ts';
import { scaledLayers, scaleGroups, type ScaledLayer, type ScaleGroup } from './scale-groups.ts';
import { writeFactors } from './write-factors.ts';

/** Where an upper limit goes, the model's outputs may be off by this much: a hundredth of what 8 bits take away. */
const TOLERANCE_DB = 40;

/** A model with what can be scaled in it. */
interface Scene {
  readonly closure: ScaleClosure;
  readonly layers: readonly ScaledLayer[];
  readonly groups: readonly ScaleGroup[];
}

/**
 * Cross-layer equalisation with absorption of biases: factors that even out the weights between layers, limits that keep their
 * meaning, and biases moved on where a rectifier lets all of a channel through.
 * @see Nagel et al. 2019 (data-free quantization)
 */
export async function equalizeLayers(task: EqualizeTask): Promise<Equalized> {
  const { runner, context, feeds } = task;
  const found = task.layersOf(task.model);
  const lifted = await liftLimits(task, sceneOf(task, task.model));
  const { scene } = lifted;
  const limited = limitedValues(scene.closure, scene.groups);
  const pairs = rectifiedPairs(scene.closure.model, scene.groups);
  const values = [...limited, ...pairs.map(({ value }): ChannelValue => valueOf(scene, value))];
  const extremes = await channelExtremes(
    scene.closure.model,
    values,
    { runner, batches: task.samples.all(), samples: task.limit },
    context,
  );
  const ranges = factorRanges(scene.closure, limited, extremes);
  const factors = await runInterruptibly(
    crossLayerFactors(scene.groups, (root) => ranges.get(root) ?? WIDEST),
    context.signal,
  );
  let channels = 0;
  const scaled = await runChecked(
    scene.closure.model,
    [
      {
        title: 'Evening out ranges between layers',
        run: () => ({ ...unchanged(writeFactors(scene.closure, scene.layers, factors)) }),
      },
      {
        title: 'Moving biases on',
        run: (model) => {
          const again = sceneOf(task, model);
          const moved = absorbBiases(
            model,
            rectifiedPairs(model, again.groups),
            scaledExtremes(
              scene,
              pairs.map(({ value }) => value),
              extremes,
              model === scene.closure.model ? new Map() : factors,
            ),
          );
          channels = moved.channels;
          return channels === 0 ? unchanged(model) : unchanged(moved.model);
        },
      },
    ],
    feeds,
    { runner, context },
  );
  const notes = [...lifted.notes, ...scaled.notes];
  const leftOut = [...found.leftOut, ...unscaledLayers(scene)];
  if (scaled.model === task.model) return { model: task.model, groups: [], leftOut, notes };
  if (channels > 0) notes.push(`The bias of ${channels} channels was moved on to the layers behind.`);
  const after = sceneOf(task, scaled.model);
  return {
    model: scaled.model,
    groups: reportGroups(scene, after),
    leftOut,
    notes,
  };
}

function sceneOf(task: EqualizeTask, model: Model): Scene {
  const { layers } = task.layersOf(model);
  const closure = closeScales(model, layers);
  const scaled = scaledLayers(closure, layers);
  const groups = scaleGroups(closure, scaled).filter(({ from, gains, roots }) => {
    return from.length > 0 && gains.length === 0 && roots.length > 1;
  });
  return { closure, layers: scaled, groups };
}

/** Upper limits (of ReLU6, say) go where the model gives the same without them; those that stay hold back the factors. */
async function liftLimits(
  task: EqualizeTask,
  scene: Scene,
): Promise<{ readonly scene: Scene; readonly notes: readonly string[] }> {
  const limits = [...new Set(scene.groups.flatMap((group) => group.limits.map(({ node }) => node)))];
  const without = withoutUpperLimits(task.model, limits);
  if (without === task.model) return { scene, notes: [] };
  const { runner, context, feeds } = task;
  const expected = await runOnce(task.model, feeds, runner, context);
  const outputs = compareOutputs(expected, await runOnce(without, feeds, runner, context));
  const difference = describeDifference(outputs, TOLERANCE_DB);
  if (difference !== null) {
    const note = `${limits.length} upper limits stay, and with them the channels that meet them: without, ${difference}.`;
    return { scene, notes: [note] };
  }
  const least = Math.min(...outputs.map(({ sqnrDb }) => sqnrDb));
  const note = `${limits.length} upper limits were left out: the outputs differ by less than ${least.toFixed(0)} dB below them.`;
  return { scene: sceneOf(task, without), notes: [note] };
}

function valueOf({ closure }: Scene, value: string): ChannelValue {
  const rank = closure.axes.shape(value)?.length ?? 0;
  const roots = (axis: number): number => {
    const first = closure.axes.first(value, axis);
    return first < 0 || closure.sets.isFrozen(first) ? 0 : 1;
  };
  const axis = Array.from({ length: rank }, (_, at) => at).find((at) => roots(at) === 1) ?? 1;
  return { value, axis, rank };
}

/** What the values are after the factors. */
function scaledExtremes(
  scene: Scene,
  values: readonly string[],
  extremes: ReadonlyMap<string, Extremes>,
  factors: Factors,
): ReadonlyMap<string, Extremes> {
  return new Map(
    values.flatMap((value) => {
      const found = extremes.get(value);
      const from = scene.groups.flatMap((group) => group.from).find(({ layer }) => layer.output === value);
      if (found === undefined || from === undefined) return [];
      const divide = (numbers: Float64Array): Float64Array =>
        numbers.map((each, at) => each / (factors.get(from.outputs[at]!) ?? 1));
      return [[value, { ...found, least: divide(found.least), largest: divide(found.largest) }]];
    }),
  );
}

/** The largest spread among the weights that give a group's channels or take them. */
function spreadIn({ from, to, roots }: ScaleGroup): number {
  const own = new Set(roots);
  const spreads = [
    ...from.map(({ layer, outputs }) =>
      spreadOf(new ChannelMaxima(layer).rows().filter((_, at) => own.has(outputs[at]!))),
    ),
    ...to.map(({ layer, inputs }) =>
      spreadOf(new ChannelMaxima(layer).columns().filter((_, at) => own.has(inputs[at]!))),
    ),
  ];
  return Math.max(...spreads);
}

function reportGroups(before: Scene, after: Scene): readonly EqualizedGroup[] {
  return before.groups.map((group, at) => ({
    from: group.from.map(({ layer }) => layer.name),
    to: group.to.map(({ layer }) => layer.name),
    channels: group.roots.length,
    spread: { before: spreadIn(group), after: spreadIn(after.groups[at] ?? group) },
    alpha: null,
    error: null,
    note: null,
  }));
}

/** Layers none of whose output channels could be scaled. */
function unscaledLayers({ closure, layers, groups }: Scene): Equalized['leftOut'] {
  const scaled = new Set(groups.flatMap(({ from }) => from));
  return layers.flatMap((each) => {
    if (scaled.has(each)) return [];
    const { layer } = each;
    const output = layer.node.outputs[0] ?? '';
    const rank = closure.axes.shape(output)?.length ?? 0;
    const first = closure.axes.first(output, layer.form.channelsLast ? rank - 1 : 1);
    const frozen = first < 0 ? 'the number of its channels is not known' : closure.sets.reason(first);
    return [{ name: layer.name, op: layer.op, reason: frozen ?? 'no layer with weights takes its channels alone' }];
  });
}
