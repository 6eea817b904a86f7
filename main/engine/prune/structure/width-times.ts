import type { TaskContext } from '../../../base/progress.ts';
import type { WidthTimes } from '../../../contract/width-times.ts';
import type { WidthRules } from '../../../judge/predict/allocate.ts';
import { holdsHere, latencyOf, type LatencyModel } from '../../../judge/predict/width-latency.ts';
import type { WidthModel } from '../../../judge/predict/widths.ts';
import type { Model } from '../../graph/ir.ts';
import { machineInfo } from '../../runtime/machine.ts';
import type { Runner } from '../../runtime/runner.ts';
import { lendRunner } from '../../runtime/runner-pool.ts';
import { closeChannels } from '../../channels/closure.ts';
import { cutModel } from './cut.ts';
import { channelGroups } from './groups.ts';
import { prepareStructure } from './prepare.ts';
import { removalOf } from './removal.ts';
import { requireGroups } from './require-groups.ts';
import { shapesKey } from './shapes-key.ts';
import { learnLatency, TIMING, WidthClock } from './time-widths.ts';
import { widthModel } from './width-model.ts';

/** Where times of widths are kept from one cut to the next. */
export interface TimesBook {
  /** Of any models, learnt on any machine. */
  readonly known: readonly WidthTimes[];
  readonly keep: (times: WidthTimes) => void;
}

/**
 * Times cuts of a model at widths that a step may choose, and learns from them how long any cut takes here.
 * @throws UNSUPPORTED when there is nothing to cut; what loading and running the model throw; CANCELLED
 */
export async function timeWidths(
  model: Model,
  { align, minimum }: Pick<WidthRules, 'align' | 'minimum'>,
  runner: Runner,
  context: TaskContext,
): Promise<WidthTimes> {
  const prepared = await prepareStructure(model, { runners: lendRunner(runner), signal: context.signal });
  const closure = closeChannels(prepared.model);
  const found = channelGroups(closure);
  requireGroups(found, closure.model);
  const { groups } = found;
  const widths = widthModel(closure, groups);
  const rules: WidthRules = { align, minimum, widths: {}, frozen: new Set() };
  const clock = await WidthClock.start(closure.model, runner, TIMING, context.signal);
  try {
    // What the weights are makes no difference to the time: the first atoms stay.
    const cutAt = (kept: ArrayLike<number>): Model =>
      cutModel(closure, removalOf(closure, new Map(groups.map((group, at) => [group, firstAtoms(kept[at]!)]))));
    return timesOf(await learnLatency({ widths, rules, cutAt }, clock, context), rules, runner);
  } finally {
    await clock.close();
  }
}

function firstAtoms(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, atom) => atom);
}

/** What was learnt, to be kept. */
export function timesOf(
  { widths, fullMs, block, coefficients, slope, spread, cuts }: LatencyModel,
  { align }: Pick<WidthRules, 'align'>,
  runner: Pick<Runner, 'about'>,
): WidthTimes {
  const { threads, ...machine } = machineInfo(runner.about.onnxruntime, TIMING);
  const { cpu, cores, os, provider, onnxruntime, vnni } = machine;
  const target = { cpu, cores, os, provider, onnxruntime, vnni };
  const learnt = { fullMs, block, coefficients: [...coefficients], slope, spread, cuts };
  return { shapes: shapesKey(widths), target, threads, align, ...learnt, at: Date.now() };
}

/** What was kept for a model of these widths on this machine; undefined: nothing that still holds. */
export function knownLatency(
  known: readonly WidthTimes[],
  widths: WidthModel,
  { align }: Pick<WidthRules, 'align'>,
  runner: Pick<Runner, 'about'>,
): LatencyModel | undefined {
  if (known.length === 0) return undefined;
  const wanted = { shapes: shapesKey(widths), align };
  const here = machineInfo(runner.about.onnxruntime, TIMING);
  const times = known.find((each) => holdsHere(each, wanted, here));
  return times && latencyOf(times, widths);
}
