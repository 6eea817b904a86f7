import { escapeMarkdown } from './escape.ts';
import { formatWithInterval, metricOf } from '../../judge/metrics.ts';
import type { ReportInput } from './report-input.ts';
import { factRows, layerColumns, numberRows } from './rows.ts';

const line = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(' | ')} |`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

/** A code block whose fence is longer than any run of backticks in it. */
function code(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

/** The same content as the HTML, with tables in place of the charts. */
export function renderMarkdown(input: ReportInput): string {
  const { trial, baseline, model, points, layers, notes, recipe, commands } = input;
  const numbers = numberRows(input).map(({ metric, trial, baseline, change, source }) => [
    metric,
    trial,
    baseline,
    change,
    source,
  ]);
  const columns = layerColumns(layers);
  const parts = [
    `# ${escapeMarkdown(trial.name)}`,
    `${escapeMarkdown(model.name)}. ${baseline === null ? 'The baseline itself.' : `Against the baseline "${escapeMarkdown(baseline.name)}".`}`,
    '## Numbers',
    numbers.length === 0
      ? 'Nothing was measured yet.'
      : table(['Metric', 'This trial', 'Baseline', 'Change', 'Source'], numbers),
    '[…] is a 95 % interval. Times are compared by their ratio, run in turns; accuracy by its difference on the same samples.',
    ...(points.length === 0
      ? []
      : [
          '## Trade-off',
          table(
            ['Trial', 'Latency p50', 'Accuracy', 'On the front'],
            points.map(({ name, latency, accuracy, onFront }) => [
              name,
              formatWithInterval(metricOf('latency'), latency),
              formatWithInterval(metricOf('top1'), accuracy),
              onFront ? 'yes' : '',
            ]),
          ),
          'On the front is what no other trial surely beats.',
        ]),
    ...(layers.length === 0
      ? []
      : [
          '## Layers',
          table(
            columns.map(({ title }) => title),
            layers.map((_, index) => columns.map(({ cells }) => cells[index] ?? '')),
          ),
        ]),
    '## Circumstances',
    table(
      ['', ''],
      factRows(input).map(([name, text]) => [name, text]),
    ),
    ...(notes.length === 0 ? [] : ['## Notes', notes.map((note) => `- ${escapeMarkdown(note)}`).join('\n')]),
    '## To make it again',
    'The recipe:',
    code(JSON.stringify(recipe, null, 2), 'json'),
    ...(commands.length === 0 ? [] : ['In the terminal:', code(commands.join('\n'), 'sh')]),
  ];
  return `${parts.join('\n\n')}\n`;
}
