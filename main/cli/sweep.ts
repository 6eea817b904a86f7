import { InvalidArgumentError } from 'commander';
import { formatMs, formatNumber } from '../judge/format.ts';
import { LANGUAGE_TITLES, sessionCode, type CodeLanguage } from '../judge/profile/session-code.ts';
import { SWEEP_AXES, type Sweep, type SweepAxis, type SweepRow } from '../contract/sweep.ts';
import { table } from './text.ts';

/** Parses `threads,arena`; `all` is every axis. */
export function sweepAxes(text: string): SweepAxis[] {
  if (text === 'all') return [...SWEEP_AXES];
  return text.split(',').map((name) => {
    const axis = SWEEP_AXES.find((each) => each === name.trim());
    if (axis === undefined) throw new InvalidArgumentError(`expected all, or some of ${SWEEP_AXES.join(', ')}`);
    return axis;
  });
}

/** Every setting with its time over the base's, what is recommended, and the code for it. */
export function sweepText({ base, rows, recommended, notes }: Sweep, language: CodeLanguage, file: string): string {
  return [
    '',
    `settings against ${base.threads} threads, batch ${base.batch}, ${base.optimization}, ${base.execution}, arena ${base.arena ? 'on' : 'off'}, ${base.provider}, in turns`,
    table(
      [
        { title: 'setting', cell: ({ axis }) => axis ?? '' },
        { title: 'value', cell: ({ value }) => value },
        {
          title: 'p50',
          align: 'right',
          cell: ({ latencyMs }) => (latencyMs === null ? '' : formatMs(latencyMs.value)),
        },
        { title: 'of base', align: 'right', cell: (row) => ratioText(row) },
        { title: 'rounds', align: 'right', cell: ({ runs }) => (runs === 0 ? '' : String(runs)) },
        { title: '', cell: ({ reason }) => reason ?? '' },
      ],
      rows,
    ),
    '',
    recommended.why,
    ...notes,
    '',
    `${LANGUAGE_TITLES[language]}:`,
    sessionCode(recommended.choice, language, file),
  ].join('\n');
}

function ratioText({ ratio }: SweepRow): string {
  if (ratio === null) return '';
  const interval =
    ratio.low === null || ratio.high === null ? '' : ` [${formatNumber(ratio.low)}, ${formatNumber(ratio.high)}]`;
  return `${formatNumber(ratio.value)}×${interval}`;
}
