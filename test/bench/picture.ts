/**
 * From navigation to picture, in Chromium: the studio on a workspace of its own, and Netron's web page where a checkout of it is
 * given (`NETRON=folder`). Each sees each model in turns; medians. Netron reads the file with each look at it: it is compared with
 * a file that the studio has not read before, a copy of its own for each round; looks at one that it has read are told beside.
 * `MODEL=text` takes the models with it in their names alone.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { chromium, type Browser, type Page } from '@playwright/test';
import sirv from 'sirv';
import { encodeModelBytes } from '../../main/engine/onnx/encode-model.ts';
import { newFolder, removeFolder, root, startStudio, type Studio } from '../e2e/studio-fixture.ts';
import { chromiumLaunchOptions } from '../support/chromium.ts';
import { largeTransformer } from '../support/large-graph.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { atMost, median, told, type BenchRow } from './bench-row.ts';

const ROUNDS = 5;
const PATIENCE_MS = 120_000;

interface Case {
  readonly name: string;
  readonly path: string;
  /** Of Netron's time. */
  readonly limit: number;
}

/** About three minutes without Netron, eight with it. */
export async function bench(): Promise<BenchRow[]> {
  using folder = tempFolder();
  const workspace = newFolder();
  const studio = await startStudio(workspace);
  const browser = await chromium.launch(chromiumLaunchOptions());
  const netron = await serveNetron(process.env['NETRON'], folder.path);
  try {
    const rows: BenchRow[] = [];
    for (const one of cases(folder, process.env['MODEL'] ?? ''))
      rows.push(...(await compare(browser, { studio, netron, spare: folder.path }, one)));
    return rows;
  } finally {
    netron?.server.close();
    await browser.close();
    await studio.stop();
    removeFolder(workspace);
  }
}

function cases(folder: ReturnType<typeof tempFolder>, wanted: string): readonly Case[] {
  const asset = (name: string, file: string, limit: number): Case[] => {
    const path = join(root, '../shared/assets/models', name, file);
    return existsSync(path) && name.includes(wanted) ? [{ name, path, limit }] : [];
  };
  const made = (nodes: number, limit: number): Case[] => {
    const name = `transformer of ${nodes} nodes`;
    if (!name.includes(wanted)) return [];
    const path = folder.file(`transformer-${nodes}.onnx`);
    writeFileSync(path, encodeModelBytes(largeTransformer(nodes)));
    return [{ name, path, limit }];
  };
  return [
    ...['sample CNN']
      .filter((name) => name.includes(wanted))
      .map((name) => ({ name, path: join(root, 'resources/samples/glyph-cnn.onnx'), limit: 0.6 })),
    ...asset('resnet20-cifar10', 'resnet20-cifar10.onnx', 0.6),
    ...asset('mobilenetv2-100-224', 'mobilenetv2-100-224.onnx', 0.6),
    ...asset('light-densenet121', 'light_densenet121.onnx', 0.5),
    ...made(2000, 0.5),
    ...made(10_000, 0.25),
    ...made(50_000, 0.25),
  ];
}

interface Viewers {
  readonly studio: Studio;
  readonly netron: Netron | null;
  /** A folder for copies. */
  readonly spare: string;
}

async function compare(browser: Browser, { studio, netron, spare }: Viewers, one: Case): Promise<BenchRow[]> {
  const ours: OurTimes[] = [];
  const known: OurTimes[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const copy = join(spare, `${round} ${basename(one.path)}`);
    copyFileSync(one.path, copy);
    ours.push(await timeOurs(browser, studio, copy));
    known.push(await timeOurs(browser, studio, copy));
    // It does not end on the largest in two minutes.
    if (netron !== null && !one.name.includes('50000')) theirs.push(await timeNetron(browser, netron, one.path));
  }
  const pictureOf = (times: readonly OurTimes[]): number => median(times.map(({ pictureMs }) => pictureMs));
  const picture = pictureOf(ours);
  const rows = [
    told(`first picture, ${one.name}: s`, picture / 1000),
    told(`first picture, ${one.name}: s where the model was read before`, pictureOf(known) / 1000),
    told(`whole window, ${one.name}: s`, median(ours.map(({ windowMs }) => windowMs)) / 1000),
  ];
  // It is to be there within two seconds; the limits of the others are shares of Netron's time.
  if (one.name.includes('50000')) rows.push(atMost(`first picture, ${one.name}: / 2 s`, picture / 2000, 1));
  if (theirs.length === 0) return rows;
  return [
    ...rows,
    atMost(
      `first picture, ${one.name}: / Netron (${(median(theirs) / 1000).toFixed(2)} s)`,
      picture / median(theirs),
      one.limit,
    ),
  ];
}

async function withPage<T>(browser: Browser, look: (page: Page) => Promise<T>): Promise<T> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  try {
    return await look(await context.newPage());
  } finally {
    await context.close();
  }
}

/** Milliseconds from navigation to the first drawing of the graph, and to the window around it, as the page marks them. */
interface OurTimes {
  readonly pictureMs: number;
  readonly windowMs: number;
}

function timeOurs(browser: Browser, studio: Studio, path: string): Promise<OurTimes> {
  return withPage(browser, async (page) => {
    await page.goto(`${studio.url}&open=${encodeURIComponent(path)}`);
    const mark = await page.waitForFunction(
      () => {
        const at = (name: string): number | undefined => performance.getEntriesByName(name)[0]?.startTime;
        const [pictureMs, windowMs] = [at('lapidary:picture'), at('lapidary:window')];
        return pictureMs === undefined || windowMs === undefined ? undefined : { pictureMs, windowMs };
      },
      undefined,
      {
        timeout: PATIENCE_MS,
        polling: 20,
      },
    );
    if (process.env['PICTURES'] !== undefined) {
      await page.waitForTimeout(1500);
      await page.screenshot({ path: join(process.env['PICTURES'], `${basename(path)}.png`) });
    }
    return (await mark.jsonValue()) as OurTimes;
  });
}

/** In the page: tells the frame in which Netron's body takes the class of a shown graph. It allows no eval, so nothing can ask. */
const TELL_NETRON = `new MutationObserver((_, observer) => {
  if (document.body === null || !document.body.classList.contains('default')) return;
  observer.disconnect();
  requestAnimationFrame(() => pictureShown(performance.now()));
}).observe(document, { subtree: true, attributes: true, childList: true, attributeFilter: ['class'] });`;

/** Milliseconds from navigation until its page shows the graph. */
function timeNetron(browser: Browser, netron: Netron, path: string): Promise<number> {
  netron.shown = path;
  return withPage(browser, async (page) => {
    // Without it a dialog asks first whether errors may be reported.
    await page.context().addCookies([{ name: 'consent', value: '1', url: netron.url }]);
    const shown = new Promise<number>((tell, fail) => {
      setTimeout(
        () => fail(new Error(`Netron shows no picture of ${path} within ${PATIENCE_MS / 1000} s`)),
        PATIENCE_MS,
      ).unref();
      void page.exposeFunction('pictureShown', tell);
    });
    await page.addInitScript(TELL_NETRON);
    await page.goto(`${netron.url}?url=${encodeURIComponent(`${netron.url}model/${basename(path)}`)}`);
    return await shown;
  });
}

interface Netron {
  readonly server: Server;
  readonly url: string;
  /** The file that it is shown. */
  shown: string;
}

/** Its page and one model beside it, on a port of this machine. */
async function serveNetron(checkout: string | undefined, spare: string): Promise<Netron | null> {
  if (checkout === undefined) return null;
  const page = sirv(join(checkout, 'source'), { dev: true });
  const state: { shown: string } = { shown: spare };
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/model/') !== true)
      return page(request, response, () => void response.writeHead(404).end());
    request.url = `/${request.url.slice('/model/'.length)}`;
    sirv(dirname(state.shown), { dev: true })(request, response, () => void response.writeHead(404).end());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, { server, url: `http://127.0.0.1:${port}/` });
}
