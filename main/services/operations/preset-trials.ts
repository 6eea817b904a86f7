import type { TaskContext } from '../../base/progress.ts';
import type { PresetTrials } from '../../contract/preset-trials.ts';
import { tryPresets } from '../../engine/dataset/try-presets.ts';
import { runnableSource } from '../../engine/passes/name-nodes.ts';
import { PRESET_TABLE } from '../../judge/preprocessing/presets.ts';
import { guess } from './data-preview.ts';
import { openSource } from './datasets.ts';
import { openRunnable } from './opened-models.ts';
import type { OperationParams } from './operation-map.ts';
import { withThreadRunner } from './runners.ts';

/** Every preset tried on the same labelled samples. @throws what `tryPresets` throws; DATA_… where the data cannot be read */
export async function presetTrials(
  { path, data, settings, limit }: OperationParams<'tryPresets'>,
  context: TaskContext,
): Promise<PresetTrials> {
  const opened = await openRunnable(path, context.signal);
  const { provider, threads, dims } = settings;
  return withThreadRunner(context.signal, async (runner) => ({
    guess: guess(opened, await openSource(data)).preset,
    ...(await tryPresets(
      {
        model: runnableSource(opened),
        runner,
        settings: { provider, threads },
        dims,
        open: (preset) =>
          openSource({ ...data, preprocessing: { ...withoutLetterbox(data), ...PRESET_TABLE[preset].values } }),
        limit,
      },
      context,
    )),
  }));
}

/** A letterbox is left out, not null, where there is none. */
function withoutLetterbox({ preprocessing }: OperationParams<'tryPresets'>['data']): typeof preprocessing {
  const { letterbox: _letterbox, ...others } = preprocessing;
  return others;
}
