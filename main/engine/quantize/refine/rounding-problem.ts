import { middleCode } from '../schemes.ts';
import { scaleAt, type CodedLayer } from './coded-layer.ts';
import type { LayerSamples } from './layer-samples.ts';
import type { WeightCodes } from './refined-layer.ts';
import type { RoundingProblem } from './rounding-graph.ts';

/** A layer's rounding as it is learnt, and how far above its floor each weight lies, in steps. */
export function problemOf(
  { form, written, unit }: CodedLayer,
  { positions, data, target }: LayerSamples,
): { readonly problem: RoundingProblem; readonly share: Float32Array } {
  const { groups, outputs, columns, at } = form;
  const { scales, format, bias } = written;
  const values = written.values();
  const middle = middleCode(format);
  const [lowest, highest] = [format.lowest - middle, format.highest - middle];
  const floor = new Float32Array(groups * outputs * columns);
  const share = new Float32Array(floor.length);
  const step = new Float32Array(groups * outputs);
  for (let group = 0; group < groups; group++) {
    for (let m = 0; m < outputs; m++) {
      const row = group * outputs + m;
      for (let k = 0; k < columns; k++) {
        const place = at(group, m, k);
        const scale = scales[scaleAt(written, place)]!;
        step[row] = scale;
        const steps = Math.min(highest, Math.max(lowest, values[place]! / scale));
        floor[row * columns + k] = Math.floor(steps);
        share[row * columns + k] = steps - Math.floor(steps);
      }
    }
  }
  const added = bias === undefined ? new Float32Array(step.length) : Float32Array.from(bias);
  const problem = { groups, outputs, columns, positions, floor, step, bias: added, lowest, highest, data, target };
  return { problem: { ...problem, bounds: unit.absorbed?.bounds }, share };
}

/** Codes in the order of the tensor, about the format's middle. */
export function codesOf({ form, written }: CodedLayer, codes: Int32Array): WeightCodes {
  const { groups, outputs, columns, at } = form;
  const all = written.codes.slice();
  const middle = middleCode(written.format);
  for (let group = 0; group < groups; group++) {
    for (let m = 0; m < outputs; m++) {
      const row = (group * outputs + m) * columns;
      for (let k = 0; k < columns; k++) all[at(group, m, k)] = codes[row + k]! + middle;
    }
  }
  return all;
}

/** Sum of squares of what the layer should give, behind its activation. */
export function activatedPower({ target, bounds }: RoundingProblem): number {
  let power = 0;
  for (const value of target) {
    const given = bounds === undefined ? value : Math.min(bounds.high, Math.max(bounds.low, value));
    power += given * given;
  }
  return power;
}
