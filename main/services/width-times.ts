import type { WidthTimes } from '../contract/width-times.ts';
import { holdsHere } from '../judge/predict/width-latency.ts';
import type { Handlers } from './handlers.ts';
import { requireModel } from './models.ts';
import type { StudioContext } from './studio-context.ts';

type WidthTimesMethods = 'prune.times' | 'prune.times.run';

/** How long a model takes at other widths: learnt by timing cuts of it on this machine, and kept. */
export function widthTimesHandlers(context: StudioContext): Pick<Handlers, WidthTimesMethods> {
  const { workspace, jobs, work } = context;
  return {
    'prune.times': async (wanted) => {
      const { machine } = await context.ask('machine', {});
      return (await workspace.widthTimes()).find((times) => holdsHere(times, wanted, machine)) ?? null;
    },
    'prune.times.run': async ({ modelId, align, minimum }) => {
      const { id, name, path } = await requireModel(context, modelId);
      const description = { kind: 'profile', title: `Time widths of ${name}`, modelId: id, trialId: null } as const;
      return jobs.add(description, async (task) => {
        const times = await work.call('widthTimes', { path, align, minimum }, task);
        await keepTimes(context, times);
        return times;
      });
    },
  };
}

/** Keeps what was learnt, and tells the windows. */
export async function keepTimes({ workspace, emit }: StudioContext, times: WidthTimes): Promise<void> {
  await workspace.saveWidthTimes(times);
  emit('prune.times', { shapes: times.shapes, align: times.align });
}
