import { throwIfCancelled } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import { spreadWidths } from '../../../judge/predict/allocate.ts';
import type { Model } from '../../graph/ir.ts';
import type { Runner } from '../../runtime/runner.ts';
import { TIMING, WidthClock } from '../structure/time-widths.ts';
import type { FactorableLayer } from './factorable-layers.ts';
import { factorize, type LayerFactors } from './factorize.ts';

/** Ranks of a layer that are tried. */
const TRIED_RANKS = 4;

/** Ranks at which two layers have fewer weights than one, some of them, ascending. */
export function ranksOf({ outputs, columns }: FactorableLayer, align: number): readonly number[] {
  const most = Math.ceil((outputs * columns) / (outputs + columns)) - 1;
  const ranks = Array.from({ length: Math.floor(most / align) }, (_, at) => (at + 1) * align);
  return spreadWidths([...ranks, outputs], TRIED_RANKS).slice(0, -1);
}

/**
 * Which share of the whole model's time each rank of a layer saves: its kernels under the profiler, written as one and as two; all
 * layers at once for each place among the ranks.
 * @returns of each layer, of each of its ranks; negative where two layers take longer
 */
export async function timeRanks(
  model: Model,
  tried: readonly (readonly LayerFactors[])[],
  runner: Runner,
  context: TaskContext,
): Promise<readonly (readonly number[])[]> {
  const clock = await WidthClock.start(model, runner, TIMING, context.signal);
  try {
    const places = Math.max(0, ...tried.map(({ length }) => length));
    const { fullMs } = await clock.ratio(model);
    const before = await clock.nodes(model, fullMs);
    const all = [...before.values()].reduce((sum, ms) => sum + ms, 0);
    const saved = tried.map((own) => own.map(() => 0));
    for (let place = 0; place < places; place++) {
      throwIfCancelled(context.signal, 'Low rank');
      context.progress({ stage: 'Timing ranks', done: place, total: places });
      const factors = tried.flatMap((own) => own[place] ?? []);
      const { model: split, sources } = factorize(model, factors);
      const after = await clock.nodes(split, fullMs);
      const firstOf = new Map([...sources].map(([first, [layer]]) => [layer!, first]));
      for (const [at, own] of tried.entries()) {
        const name = own[place]?.layer.node.name;
        if (name === undefined) continue;
        const both = (after.get(firstOf.get(name)!) ?? 0) + (after.get(name) ?? 0);
        saved[at]![place] = ((before.get(name) ?? 0) - both) / all;
      }
    }
    return saved;
  } finally {
    await clock.close();
  }
}
