import { readFile } from 'node:fs/promises';
import { StudioError } from '../base/errors.ts';
import { profileSchema, type Profile } from '../contract/results.ts';
import { formatMs, formatNumber } from '../judge/format.ts';
import type { ComparedProfiles, ComparedTime } from '../judge/profile/compare.ts';
import { table } from './text.ts';

/** The profile that `lapidary profile --json` wrote. @throws DATA_INVALID */
export async function readProfile(path: string): Promise<Profile> {
  try {
    return profileSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new StudioError('DATA_INVALID', `${path} is no profile that can be compared with`, {
      hint: 'Write one with lapidary profile MODEL --json > FILE.',
      cause: error,
    });
  }
}

/** The layers that changed most, with the noise bands of both. */
export function comparedText({ layers, notes }: ComparedProfiles, top: number): string {
  return [
    '',
    'against the earlier profile (medians with 95 % intervals, under the profiler)',
    ...notes.map((note) => `  note        ${note}`),
    table(
      [
        { title: 'layer', cell: ({ name }) => name },
        { title: 'before', align: 'right', cell: ({ a }) => band(a) },
        { title: 'now', align: 'right', cell: ({ b }) => band(b) },
        { title: 'change', align: 'right', cell: ({ changeMs }) => formatMs(changeMs) },
        { title: 'ratio', align: 'right', cell: ({ ratio }) => (ratio === null ? '' : `${formatNumber(ratio)}×`) },
        { title: '', cell: ({ difference }) => difference },
      ],
      layers.slice(0, top),
    ),
  ].join('\n');
}

function band(times: ComparedTime['a']): string {
  if (times === null) return '–';
  const { p50Ms, lowMs, highMs } = times;
  return lowMs === null || highMs === null
    ? formatMs(p50Ms)
    : `${formatMs(p50Ms)} [${formatMs(lowMs)}, ${formatMs(highMs)}]`;
}
