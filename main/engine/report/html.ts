import { layerTimeChart, tradeOffChart } from './charts.ts';
import { escapeHtml } from './escape.ts';
import type { ReportInput } from './report-input.ts';
import { factRows, layerColumns, numberRows } from './rows.ts';
import { STYLE } from './style.ts';

/** Raw HTML of cells, and whether they are the head. */
const row = (cells: readonly string[], tag: 'td' | 'th' = 'td'): string =>
  `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<div class="scroll"><table><thead>${row(head.map(escapeHtml), 'th')}</thead><tbody>${rows.map((cells) => row(cells)).join('')}</tbody></table></div>`;

const section = (title: string, content: string): string =>
  content === '' ? '' : `<section><h2>${escapeHtml(title)}</h2>${content}</section>`;

/** One file: styles and charts inside, nothing loaded from elsewhere, no script. */
export function renderHtml(input: ReportInput): string {
  const { trial, baseline, model } = input;
  const title = `${trial.name} · ${model.name}`;
  const against = baseline === null ? 'The baseline itself.' : `Against the baseline "${baseline.name}".`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>
<h1>${escapeHtml(trial.name)}</h1><p class="lead">${escapeHtml(`${model.name}. ${against}`)}</p>
${section('Numbers', numbersTable(input))}
${section('Trade-off', tradeOff(input))}
${section('Layers', layers(input))}
${section('Circumstances', facts(input))}
${section('Notes', list(input.notes))}
${section('To make it again', reproduce(input))}
</body></html>
`;
}

function numbersTable(input: ReportInput): string {
  const rows = numberRows(input).map(({ metric, trial, baseline, change, source }) => [
    escapeHtml(metric),
    `<b>${valueCell(trial)}</b>`,
    valueCell(baseline),
    `<span class="wraps">${escapeHtml(change)}</span>`,
    `<span class="source ${source}">${source}</span>`,
  ]);
  if (rows.length === 0) return '<p>Nothing was measured yet.</p>';
  return `${table(['Metric', 'This trial', 'Baseline', 'Change', 'Source'], rows)}<p class="legend">[…] is a 95 % interval. Times are compared by their ratio, run in turns; accuracy by its difference on the same samples.</p>`;
}

/** "95.5 % [94.4 %, 96.4 %] (1,728 samples)": what it was measured on goes below it, so that all columns fit a page. */
function valueCell(text: string): string {
  const [, value, on] = /^(.*?) \(([^()]*)\)$/u.exec(text) ?? [undefined, text, undefined];
  return escapeHtml(value ?? text) + (on === undefined ? '' : `<small>${escapeHtml(on)}</small>`);
}

function tradeOff({ points }: ReportInput): string {
  const chart = tradeOffChart(points);
  if (chart === '') return '';
  return `${chart}<p class="legend">The line is the front: what no other surely beats. Bars are 95 % intervals.</p>`;
}

function layers({ layers }: ReportInput): string {
  if (layers.length === 0) return '';
  const columns = layerColumns(layers);
  const rows = layers.map((_, index) => columns.map(({ cells }) => escapeHtml(cells[index] ?? '')));
  const all = table(
    columns.map(({ title }) => title),
    rows,
  );
  const chart = layerTimeChart(layers);
  const legend =
    chart === ''
      ? ''
      : '<p class="legend">The slowest layers; the thin bar is the baseline. Times are measured with profiling on.</p>';
  return `${chart}${legend}<details${layers.length <= 40 ? ' open' : ''}><summary>All ${layers.length} layers</summary>${all}</details>`;
}

const facts = (input: ReportInput): string =>
  `<dl>${factRows(input)
    .map(([name, text]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(text)}</dd>`)
    .join('')}</dl>`;

const list = (items: readonly string[]): string =>
  items.length === 0 ? '' : `<ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`;

const reproduce = ({ recipe, commands }: ReportInput): string =>
  `<p>The recipe:</p><pre>${escapeHtml(JSON.stringify(recipe, null, 2))}</pre>` +
  (commands.length === 0 ? '' : `<p>In the terminal:</p><pre>${escapeHtml(commands.join('\n'))}</pre>`);
