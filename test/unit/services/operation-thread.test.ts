import { expect, it } from 'vitest';
import { quietContext } from '../../../main/base/progress.ts';
import { runSettingsSchema } from '../../../main/contract/machine.ts';
import { Gate } from '../../../main/jobs/gate.ts';
import { OperationThread } from '../../../main/services/operation-thread.ts';
import { readSamples } from '../../../main/services/samples.ts';

it('takes turns with questions while it times, and leaves the machine to them afterwards', async () => {
  const path = (await readSamples()).models.find(({ id }) => id === 'glyph-cnn')!.path;
  const gate = new Gate();
  let takes = 0;
  let waiting: Promise<unknown> | undefined;
  await using thread = new OperationThread('test', {
    take: async () => {
      const disturbed = await gate.take();
      takes++;
      // Asked while the first block runs.
      waiting ??= gate.ask(async () => takes);
      return disturbed;
    },
    giveBack: () => gate.giveBack(),
  });
  const settings = runSettingsSchema.parse({ threads: 1 });
  const params = { path, settings, runs: 5, warmup: 600, inputs: null, trace: null };
  await thread.call('profile', params, quietContext());
  expect(takes).toBeGreaterThan(1);
  // The question came in when the first block had ended.
  expect(await waiting).toBe(1);
  expect(await gate.ask(async () => 'at once')).toBe('at once');
});
