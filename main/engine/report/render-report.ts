import { renderHtml } from './html.ts';
import { renderMarkdown } from './markdown.ts';
import type { ReportInput } from './report-input.ts';

/**
 * The report of a trial: its numbers against the baseline with intervals, the trade-off, the layers, the circumstances
 * and how to make it again; every number says whether it was measured, counted or predicted. The same input gives the
 * same text.
 */
export function renderReport(input: ReportInput, format: 'html' | 'markdown'): string {
  return format === 'html' ? renderHtml(input) : renderMarkdown(input);
}
