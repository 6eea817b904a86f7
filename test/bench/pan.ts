/**
 * Frames of a graph of 50,000 nodes with every group open: script and paint on the page's thread in each, while it is moved, zoomed,
 * pointed at, and coloured by another metric; and how long 10,000 nodes take from the click on "Expand all" to the drawing.
 */
import { writeFileSync } from 'node:fs';
import { chromium, type Browser, type Page } from '@playwright/test';
import { encodeModelBytes } from '../../main/engine/onnx/encode-model.ts';
import { newFolder, removeFolder, startStudio } from '../e2e/studio-fixture.ts';
import { chromiumLaunchOptions } from '../support/chromium.ts';
import { largeTransformer } from '../support/large-graph.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { atMost, told, type BenchRow } from './bench-row.ts';

const PATIENCE_MS = 120_000;
/** Of a display of 60 frames a second. */
const FRAME_MS = 16.7;

/** About a minute. */
export async function bench(): Promise<BenchRow[]> {
  using folder = tempFolder();
  const workspace = newFolder();
  const studio = await startStudio(workspace);
  const browser = await chromium.launch(chromiumLaunchOptions());
  try {
    const open = async (nodes: number): Promise<Page> => {
      const path = folder.file(`transformer-${nodes}.onnx`);
      writeFileSync(path, encodeModelBytes(largeTransformer(nodes)));
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
      const page = await context.newPage();
      await page.goto(`${studio.url}&open=${encodeURIComponent(path)}`);
      await page.waitForFunction(() => performance.getEntriesByName('lapidary:window').length > 0, undefined, {
        timeout: PATIENCE_MS,
      });
      await page.waitForTimeout(1000);
      return page;
    };
    const rows: BenchRow[] = [];
    const small = await open(10_000);
    rows.push(atMost('graph: expand all, 10,000 nodes / 2 s', (await expandAll(small)) / 2000, 1));
    await small.context().close();
    const page = await open(50_000);
    rows.push(told('graph: expand all, 50,000 nodes: s', (await expandAll(page)) / 1000));
    for (const [name, act] of Object.entries(ACTS)) {
      const { p50, p95, frames } = await framesOf(browser, page, act);
      rows.push(told(`graph: ${name}, 50,000 nodes: p50 of ${frames} frames / 16.7 ms`, p50 / FRAME_MS));
      rows.push(atMost(`graph: ${name}, 50,000 nodes: p95 of ${frames} frames / 16.7 ms`, p95 / FRAME_MS, 1));
    }
    return rows;
  } finally {
    await browser.close();
    await studio.stop();
    removeFolder(workspace);
  }
}

/** In the page: milliseconds from the click to the frame after the graph view is no longer busy. */
const EXPAND_ALL = `(async () => {
  const button = document.querySelector('[aria-label="Expand all groups"]');
  const canvas = document.querySelector('canvas[role="img"]');
  const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
  const start = performance.now();
  button.click();
  do await frame();
  while (canvas.getAttribute('aria-busy') !== 'false');
  await frame();
  return performance.now() - start;
})()`;

const expandAll = (page: Page): Promise<number> => page.evaluate(EXPAND_ALL);

type Act = (page: Page) => Promise<void>;

/** In the page: an event on the canvas in each of some frames. `turn` swings, `at` counts. */
const eachFrame = (page: Page, event: string, frames = 90): Promise<void> =>
  page.evaluate(`(async () => {
    const canvas = document.querySelector('canvas[role="img"]');
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const middle = { clientX: left + width / 2, clientY: top + height / 2, bubbles: true, cancelable: true };
    for (let at = 0; at < ${frames}; at++) {
      await new Promise((drawn) => requestAnimationFrame(drawn));
      const turn = Math.sin(at / 8);
      canvas.dispatchEvent(${event});
    }
  })()`);

const PAN = "new WheelEvent('wheel', { ...middle, deltaX: 12 * turn, deltaY: 60 })";
const ZOOM = "new WheelEvent('wheel', { ...middle, ctrlKey: true, deltaY: at < 45 ? 40 : -40 })";
const HOVER = `new PointerEvent('pointermove', {
  ...middle, clientX: middle.clientX + 150 * turn, clientY: top + 60 + ((height - 120) * at) / 90 })`;

const ACTS: Readonly<Record<string, Act>> = {
  'pan, read': (page) => eachFrame(page, PAN),
  hover: (page) => eachFrame(page, HOVER),
  zoom: (page) => eachFrame(page, ZOOM),
  'pan, from afar': async (page) => {
    await page.keyboard.press('Space');
    await eachFrame(page, PAN);
  },
  'another overlay': async (page) => {
    for (const name of ['memory', 'macs', 'none', 'macs', 'none', 'memory']) {
      await page.evaluate(`document.querySelector('input[type="radio"][value="${name}"]').click()`);
      await page.waitForTimeout(150);
    }
  },
};

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly tid: number;
  readonly pid: number;
  readonly ts: number;
  readonly dur?: number;
}

interface Frames {
  readonly p50: number;
  readonly p95: number;
  readonly frames: number;
}

/** Milliseconds of the page's thread (script, style, layout, paint) in each frame in which something was done. */
async function framesOf(browser: Browser, page: Page, act: Act): Promise<Frames> {
  await browser.startTracing(page, {
    categories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'],
  });
  await act(page);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const thread = traceEvents.find(({ name }) => name === 'FireAnimationFrame');
  if (thread === undefined) throw new Error('The trace has no frames');
  const own = traceEvents.filter(({ pid, tid }) => pid === thread.pid && tid === thread.tid);
  const tasks = own.filter(({ name, ph, dur }) => name === 'RunTask' && ph === 'X' && dur !== undefined);
  const calls = own.filter(({ name }) => name === 'FireAnimationFrame').map(({ ts }) => ts);
  // A frame begins with the task that calls the animation callbacks; what React does of it later counts as its own.
  const starts = tasks
    .filter(({ ts, dur }) => calls.some((call) => call >= ts && call <= ts + dur!))
    .map(({ ts }) => ts)
    .sort((a, b) => a - b);
  if (starts.length === 0) throw new Error('No task of the trace has frames');
  const sums = new Float64Array(starts.length);
  for (const { ts, dur } of tasks) {
    const frame = starts.findLastIndex((start) => start <= ts);
    if (frame >= 0) sums[frame]! += dur! / 1000;
  }
  const sorted = sums.toSorted();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), frames: sorted.length };
}
