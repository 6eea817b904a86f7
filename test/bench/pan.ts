/**
 * Frames of graphs of 50,000 nodes with every group open, one long and one of 30 chains beside each other that is seen whole: script
 * and paint on the page's thread in each frame, while it is moved, zoomed, pointed at, coloured by another metric, and while a group
 * is folded and opened; and how long 10,000 nodes take from the click on "Expand all" to the drawing. Times of frames are those that
 * the page's thread was at work, so that what else the machine does counts little.
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

/** Chains beside each other in the graph that is seen whole. */
const LANES = 30;

/** About two minutes. */
export async function bench(): Promise<BenchRow[]> {
  using folder = tempFolder();
  const workspace = newFolder();
  const studio = await startStudio(workspace);
  const browser = await chromium.launch(chromiumLaunchOptions());
  try {
    const open = async (nodes: number, lanes = 1): Promise<Page> => {
      const path = folder.file(`transformer-${nodes}-${lanes}.onnx`);
      writeFileSync(path, encodeModelBytes(largeTransformer(nodes, lanes)));
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
    rows.push(
      ...frameRows('a group folded and opened, 10,000 nodes', await framesOf(browser, small, { act: foldAndOpen })),
    );
    rows.push(atMost('graph: expand all, 10,000 nodes / 2 s', (await expandAll(small)) / 2000, 1));
    await small.context().close();
    for (const [shape, lanes] of [
      ['long', 1],
      ['wide', LANES],
    ] as const) {
      const page = await open(50_000, lanes);
      rows.push(told(`graph: expand all, 50,000 nodes, ${shape}: s`, (await expandAll(page)) / 1000));
      for (const [name, act] of Object.entries(ACTS)) {
        rows.push(...frameRows(`${name}, 50,000 nodes, ${shape}`, await framesOf(browser, page, act)));
      }
      await page.context().close();
    }
    return rows;
  } finally {
    await browser.close();
    await studio.stop();
    removeFolder(workspace);
  }
}

function frameRows(said: string, { p50, p95, frames }: Frames): readonly BenchRow[] {
  return [
    told(`graph: ${said}: p50 of ${frames} frames / 16.7 ms`, p50 / FRAME_MS),
    atMost(`graph: ${said}: p95 of ${frames} frames / 16.7 ms`, p95 / FRAME_MS, 1),
  ];
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

/** Shows the whole graph, or as much of it as the smallest scale allows. */
async function fit(page: Page): Promise<void> {
  await page.locator('canvas[role="img"]').focus();
  await page.keyboard.press('Space');
  await page.waitForTimeout(600);
}

async function actualSize(page: Page): Promise<void> {
  await page.keyboard.press('Shift+Backspace');
  await page.waitForTimeout(600);
}

/** Each overlay for the first time, and again. */
async function changeOverlays(page: Page): Promise<void> {
  for (const name of ['memory', 'macs', 'dtype', 'none', 'macs', 'memory', 'none', 'dtype', 'memory', 'macs', 'none']) {
    await page.evaluate(`document.querySelector('input[type="radio"][value="${name}"]').click()`);
    await page.waitForTimeout(150);
  }
}

/** The first block, by its line in the outline and the Enter key. */
async function foldAndOpen(page: Page): Promise<void> {
  await page.locator('#outline-tree').getByText('layers.0', { exact: true }).click();
  await page.locator('canvas[role="img"]').focus();
  for (let turn = 0; turn < 6; turn++) {
    await page.keyboard.press('Enter');
    await page.waitForTimeout(500);
  }
}

interface Way {
  readonly act: Act;
  /** Done before, and not measured. */
  readonly first?: Act;
}

const ACTS: Readonly<Record<string, Way>> = {
  'another overlay, from afar': { first: fit, act: changeOverlays },
  'pan, read': { first: actualSize, act: (page) => eachFrame(page, PAN) },
  hover: { act: (page) => eachFrame(page, HOVER) },
  'another overlay, read': { first: actualSize, act: changeOverlays },
  zoom: { act: (page) => eachFrame(page, ZOOM) },
  'pan, from afar': { first: fit, act: (page) => eachFrame(page, PAN) },
  'zoom, from afar': { first: fit, act: (page) => eachFrame(page, ZOOM) },
  'hover, from afar': { first: fit, act: (page) => eachFrame(page, HOVER) },
};

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly tid: number;
  readonly pid: number;
  readonly ts: number;
  readonly dur?: number;
  /** Time at work, which a thread is not while another one has its core. */
  readonly tdur?: number;
}

interface Frames {
  readonly p50: number;
  readonly p95: number;
  readonly frames: number;
}

/**
 * Milliseconds that the page's thread was at work (script, style, layout, paint) in each frame in which something was done: from the
 * end of the frame before to the end of its own drawing, so that what an event sets off counts to the frame that shows it.
 */
async function framesOf(browser: Browser, page: Page, { act, first }: Way): Promise<Frames> {
  await first?.(page);
  await browser.startTracing(page, {
    categories: ['toplevel', 'cc', 'devtools.timeline', 'disabled-by-default-devtools.timeline'],
  });
  await act(page);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const thread = traceEvents.find(({ name }) => name === 'FireAnimationFrame');
  if (thread === undefined) throw new Error('The trace has no frames');
  const own = traceEvents.filter(({ pid, tid, ph }) => pid === thread.pid && tid === thread.tid && ph === 'X');
  const tasks = own.filter(({ name, dur }) => name === 'RunTask' && dur !== undefined).sort((a, b) => a.ts - b.ts);
  const drawings = own.filter(({ name }) => name === 'ProxyMain::BeginMainFrame').map(({ ts }) => ts);
  const frames: number[] = [];
  let spent = 0;
  for (const { ts, dur, tdur } of tasks) {
    spent += (tdur ?? dur!) / 1000;
    if (!drawings.some((drawing) => drawing >= ts && drawing <= ts + dur!)) continue;
    frames.push(spent);
    spent = 0;
  }
  // What the first one holds is what was done before.
  const sorted = frames.slice(1).sort((a, b) => a - b);
  if (sorted.length === 0) throw new Error('No task of the trace draws a frame');
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return { p50: at(0.5), p95: at(0.95), frames: sorted.length };
}
