import type { TaskContext } from '../../../base/progress.ts';
import { firstSamples } from '../../dataset/finite-samples.ts';
import type { PreparedModel } from '../prepare.ts';
import { settlePlan, type SettleInput, type Settled } from '../settle-plan.ts';
import { chooseFloat } from './choose-float.ts';

/** How a step decides which layers stay in float for speed. */
export interface SpeedSettings {
  /** `measured`: those that would make the model slower here; `all`: none. */
  readonly speed: 'measured' | 'all';
  /** Those that were found once: nothing is timed then. */
  readonly slow?: readonly string[] | undefined;
}

const ALL_SLOW = 'Every layer stays in float, which was faster where this recipe was made; the model stays as it was.';

export interface SettledBySpeed extends Settled {
  /** Layers that stay in float for speed; undefined: it was not asked. */
  readonly slow: readonly string[] | undefined;
  readonly notes: readonly string[];
}

/**
 * Settles a plan, and again without the layers that would make the model slower than in float here.
 * @throws as `settlePlan`
 */
export async function settleBySpeed(
  prepared: PreparedModel,
  input: SettleInput,
  { speed, slow }: SpeedSettings,
  context: TaskContext,
): Promise<SettledBySpeed> {
  if (speed === 'all') return { ...(await settlePlan(prepared, input, context)), slow: undefined, notes: [] };
  if (slow !== undefined) {
    const known = new Map(slow.map((layer) => [layer, 'slower in int8 where this recipe was made']));
    const settled = await settlePlan(prepared, withRefused(input, known), context);
    const notes = settled.quantized === undefined ? [ALL_SLOW] : [];
    return { ...settled, slow, notes };
  }
  const settled = await settlePlan(prepared, input, context);
  if (settled.quantized === undefined) return { ...settled, slow: [], notes: [] };
  const { quantized, fused, rewrite } = settled;
  const task = {
    float: prepared.model,
    integer: quantized,
    fused,
    write: (float: ReadonlySet<string>) => rewrite({ float }),
    feeds: firstSamples(input.feeds, 1),
  };
  const { float, notes } = await chooseFloat(task, input.runner, context);
  if (float.size === 0) return { ...settled, slow: [], notes };
  const again = await settlePlan(prepared, withRefused({ ...input, ranges: settled.ranges }, float), context);
  return { ...again, slow: [...float.keys()], notes };
}

function withRefused(input: SettleInput, more: ReadonlyMap<string, string>): SettleInput {
  return { ...input, refused: new Map([...more, ...input.refused]) };
}
