import type { GraphIndex } from '../graph/index-graph.ts';
import { hasTrait } from '../operators/ask.ts';
import type { QuantizationPlan } from './plan-quantization.ts';
import type { Range } from './quantize-activations.ts';
import { unitInputs, unitOutputs, type Unit } from './unit.ts';

/**
 * A range this wide before a Softmax is a mask (−10000 or −3.4e38 added where attention must not look): 255 steps over it
 * leave nothing for the scores. Softmax itself sees nothing beyond 104 below its maximum, where exp is 0 in float32.
 */
const MASK_WIDTH = 500;

/** What 8 bits cannot hold at all. */
const ABSURD = 1e30;

/** The layers of a plan that the observed ranges forbid to quantize, and why. */
export function refusedByRange(
  index: GraphIndex,
  plan: QuantizationPlan,
  ranges: ReadonlyMap<string, Range>,
): ReadonlyMap<string, string> {
  const refused = new Map<string, string>();
  for (const unit of plan.units) {
    const reason = rangeProblem(index, unit, ranges);
    if (reason !== undefined) refused.set(unit.layer, reason);
  }
  return refused;
}

function rangeProblem(index: GraphIndex, unit: Unit, ranges: ReadonlyMap<string, Range>): string | undefined {
  const outputs = unit.quantizesOutput ? unitOutputs(unit) : [];
  for (const value of [...unitInputs(unit), ...outputs]) {
    const range = ranges.get(value);
    if (range === undefined) continue;
    const { min, max } = range;
    if (!(Math.abs(min) < ABSURD && Math.abs(max) < ABSURD)) {
      return `'${value}' reaches from ${min} to ${max} over the calibration data, too wide for 8 bits`;
    }
    if (max - min <= MASK_WIDTH) continue;
    const blind = index.consumers(value).find((node) => hasTrait(node, 'forgetsSmall'));
    if (blind !== undefined) {
      return `'${value}' goes from ${round(min)} to ${round(max)} into a ${blind.opType}: a mask, too wide for 8 bits`;
    }
  }
  return undefined;
}

function round(value: number): string {
  return value.toPrecision(3);
}
