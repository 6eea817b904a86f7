/** Finds Electron's binary, or fetches it once: since Electron 42 it is no part of the npm package. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, inRoot, node24 } from './paths.mjs';
import { run } from './spawn.mjs';

const FETCH_LIMIT_MS = 5 * 60_000;
const folder = inRoot('node_modules', 'electron');
const failurePath = join(cache, 'electron-failed.json');

/** @returns {string | undefined} path of the executable */
export function findElectron() {
  try {
    const binary = join(folder, 'dist', readFileSync(join(folder, 'path.txt'), 'utf8').trim());
    return existsSync(binary) ? binary : undefined;
  } catch {
    // No path.txt: it was never fetched.
    return undefined;
  }
}

const today = () => new Date().toISOString().slice(0, 10);

/** The line of the installer's output that says what went wrong. @param {string} output */
export function reasonOf(output) {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('at '));
  const line =
    lines.find((text) => /error|ENOTFOUND|ECONN|EAI_AGAIN|HTTP|forbidden|refused/i.test(text)) ?? lines.at(-1);
  return (line ?? 'the download failed').replace(/^(\w*Error: )+/, '').slice(0, 160);
}

/** Why a fetch failed earlier today, so that it is not waited for again; undefined: try. @param {string} version */
function rememberedFailure(version) {
  try {
    const failure = JSON.parse(readFileSync(failurePath, 'utf8'));
    return failure.day === today() && failure.version === version ? String(failure.reason) : undefined;
  } catch {
    // Nothing remembered.
    return undefined;
  }
}

/** Shows that a long fetch is alive: one line, rewritten on a terminal. @param {string} text */
function startTicker(text) {
  const began = Date.now();
  if (!process.stderr.isTTY) {
    process.stderr.write(`${text}\n`);
    return () => undefined;
  }
  const draw = () => process.stderr.write(`\r${text} ${Math.round((Date.now() - began) / 1000)} s`);
  draw();
  const timer = setInterval(draw, 1000);
  return () => {
    clearInterval(timer);
    process.stderr.write('\r\u001B[K');
  };
}

/**
 * The Electron executable, fetched when it is missing: tried once a day, for five minutes at most.
 * @returns {Promise<{ binary: string } | { reason: string }>}
 */
export async function ensureElectron() {
  const found = findElectron();
  if (found !== undefined) return { binary: found };
  if (!existsSync(join(folder, 'install.js'))) return { reason: 'the electron package is not installed' };
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const failure = rememberedFailure(version);
  if (failure !== undefined) return { reason: `${failure}; tried earlier today` };

  const stopTicker = startTicker(`Fetching Electron ${version} (once, about 120 MB)…`);
  const outcome = await run(node24(), [join(folder, 'install.js')], {
    capture: true,
    limitMs: FETCH_LIMIT_MS,
    env: { ELECTRON_SKIP_BINARY_DOWNLOAD: '' },
  });
  stopTicker();
  const binary = findElectron();
  if (outcome.code === 0 && binary !== undefined) return { binary };
  const reason = outcome.timedOut ? 'the download took more than 5 minutes' : reasonOf(outcome.output);
  mkdirSync(cache, { recursive: true });
  writeFileSync(failurePath, JSON.stringify({ day: today(), version, reason }));
  return { reason };
}
