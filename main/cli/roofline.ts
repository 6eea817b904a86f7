import { join } from 'node:path';
import type { MachinePeaks } from '../contract/machine-peaks.ts';
import { providerSchema } from '../contract/machine.ts';
import type { Profile } from '../contract/results.ts';
import { assert } from '../base/errors.ts';
import { formatMs, formatNumber, formatPercent } from '../judge/format.ts';
import { rooflineOf, roofsOf, tooLow, type Bound, type Roofline } from '../judge/profile/roofline.ts';
import { workspaceDirectory } from '../workspace/location.ts';
import type { CommandContext } from './run-command.ts';
import { table } from './text.ts';

/** The machine's peaks, measured where they are not known yet, and a profile's layers under them. */
export async function measureRoofline(
  operate: CommandContext['operate'],
  profile: Profile,
): Promise<Roofline & { readonly peaks: MachinePeaks }> {
  const { provider, threads } = profile.machine;
  const settings = { provider: providerSchema.parse(provider), threads };
  const cache = join(workspaceDirectory(), 'machines', 'peaks.json');
  const peaks = await operate('peaks', { settings, cache, measure: 'when unknown' });
  assert(peaks !== null, 'peaks that are measured when unknown are there');
  return { peaks, ...rooflineOf(profile, peaks) };
}

/** The roofs, the headroom, and the layers that could gain most. */
export function rooflineText(roofline: Roofline & { readonly peaks: MachinePeaks }, top: number): string {
  const { peaks, points, kernelsMs, roofMs, boundMs } = roofline;
  const low = tooLow(roofline);
  const { cache, memory } = roofsOf(peaks);
  const share = (bound: Bound): string =>
    `${bound} ${formatPercent(kernelsMs > 0 ? boundMs[bound] / kernelsMs : 0, 2)}`;
  const gains = points.toSorted((a, b) => b.timeMs - b.roofMs - (a.timeMs - a.roofMs)).slice(0, top);
  return [
    '',
    `roofline with ${peaks.machine.threads} threads: float32 ${formatNumber(peaks.float32)} GFLOP/s, int8 ${peaks.int8 === null ? 'none' : `${formatNumber(peaks.int8)} Gop/s`}, memory ${formatNumber(memory)} GB/s (cache ${formatNumber(cache)}), a kernel ${formatMs(peaks.kernelUs / 1000)} at least`,
    `  headroom    ${formatNumber(kernelsMs / roofMs)}×: kernels ${formatMs(kernelsMs)}, at the roof ${formatMs(roofMs)}`,
    `  bound by    ${(['compute', 'memory', 'overhead'] as const).map(share).join(', ')} of kernel time`,
    ...(low === null ? [] : [`  note        ${low}`]),
    '',
    table(
      [
        { title: 'layer', cell: ({ name }) => name },
        { title: 'bound by', cell: ({ bound }) => bound },
        { title: 'time', align: 'right', cell: ({ timeMs }) => formatMs(timeMs) },
        { title: 'at the roof', align: 'right', cell: ({ roofMs: least }) => formatMs(least) },
        { title: 'reached', align: 'right', cell: ({ reached }) => formatPercent(reached, 2) },
        { title: 'op/byte', align: 'right', cell: ({ intensity }) => formatNumber(intensity) },
        { title: 'Gop/s', align: 'right', cell: ({ gigaOps }) => formatNumber(gigaOps) },
      ],
      gains,
    ),
  ].join('\n');
}
