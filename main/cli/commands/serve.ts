import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import open from 'open';
import { StudioError } from '../../base/errors.ts';
import { superviseEngine, type SupervisedEngine } from '../../host/supervisor.ts';
import { wholeNumber } from '../options.ts';
import { reportError } from '../run-command.ts';

interface Options {
  readonly port: number;
  readonly open?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `lapidary serve [MODEL]`: the studio for a browser; runs until Ctrl-C. */
export function addServeCommand(program: Command, finish: (code: number) => void): void {
  program
    .command('serve [model]')
    .description('the studio for a browser, also over an SSH tunnel; prints its address')
    .option('--port <n>', 'port on 127.0.0.1 (default: 41736, or any free one)', wholeNumber(0, 65_535), 0)
    .option('--open', 'open the browser too')
    .option('--json', 'print {"url","port","token"} as one line')
    .option('--quiet', 'print the address only')
    .action(async (model: string | undefined, options: Options) => {
      try {
        await serve(model, options);
        finish(0);
      } catch (error) {
        finish(reportError(error, options.json === true));
      }
    });
}

async function serve(model: string | undefined, options: Options): Promise<void> {
  if (model !== undefined && !existsSync(model)) {
    throw new StudioError('FILE_NOT_FOUND', `There is no file '${model}'`, { hint: 'Check the path.' });
  }
  const start = (port: number): Promise<SupervisedEngine> =>
    superviseEngine({
      port,
      ...(model === undefined ? {} : { expected: resolve(model) }),
      onRestart: (reason) => process.stderr.write(`lapidary: the engine stopped (${reason}) and was started again\n`),
    });
  const usual = options.port === 0 ? await usualPort() : 0;
  const engine = await start(usual === 0 ? options.port : usual).catch((error: unknown) => {
    // Another studio that started at the same moment may have taken it meanwhile.
    if (usual === 0 || !(error instanceof StudioError && error.code === 'USAGE')) throw error;
    return start(0);
  });
  const query = model === undefined ? '' : `&open=${encodeURIComponent(resolve(model))}`;
  const url = `http://127.0.0.1:${engine.port}/#token=${engine.token}${query}`;
  if (options.json === true)
    process.stdout.write(`${JSON.stringify({ url, port: engine.port, token: engine.token })}\n`);
  else if (options.quiet === true) process.stdout.write(`${url}\n`);
  else process.stdout.write(`The studio is at ${url}\nPress Ctrl-C to stop.\n`);
  if (options.open === true && hasBrowser()) await openBrowser(url);
  try {
    await untilStopped(engine.failed);
  } finally {
    await engine.stop();
  }
}

/** A browser keeps theme and panels by address: the same port each time, while nobody else has it. */
const USUAL_PORT = 41_736;

/** The usual port, or 0 (any free one) where it is taken. */
function usualPort(): Promise<number> {
  return new Promise((resolvePort) => {
    const probe = createServer();
    probe.once('error', () => resolvePort(0));
    probe.listen(USUAL_PORT, '127.0.0.1', () => probe.close(() => resolvePort(USUAL_PORT)));
  });
}

/** Ends at Ctrl-C or SIGTERM, rejects when the engine cannot be kept running. */
function untilStopped(failed: Promise<never>): Promise<void> {
  const stopped = new Promise<void>((end) => {
    process.once('SIGINT', () => end());
    process.once('SIGTERM', () => end());
  });
  return Promise.race([stopped, failed]);
}

function hasBrowser(): boolean {
  if (process.platform !== 'linux') return true;
  return process.env['DISPLAY'] !== undefined || process.env['WAYLAND_DISPLAY'] !== undefined;
}

async function openBrowser(url: string): Promise<void> {
  try {
    const browser = await open(url);
    browser.on('error', () => undefined);
  } catch {
    // Without a browser the printed address is what remains.
  }
}
