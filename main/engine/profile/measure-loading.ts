import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StudioError } from '../../base/errors.ts';
import type { Loading } from '../../contract/profile-parts.ts';
import type { RunnerCallOptions } from '../runtime/protocol.ts';
import type { Runner } from '../runtime/runner.ts';
import type { ModelSource, SessionSettings } from '../runtime/settings.ts';
import { parseTrace } from './trace.ts';

const MAX_LOADS = 5;
/** Milliseconds after which no further load of a kind is begun. */
const ENOUGH_MS = 400;
const NO_PREPACKING = { 'session.disable_prepacking': '1' };

interface LoadTimes {
  readonly loads: number;
  readonly totalMs: number;
  readonly parseMs: number;
  readonly initialiseMs: number;
}

/**
 * Where a model's load time goes. The runtime tells how long it parses and how long it initialises. What of the latter is
 * rewriting the graph and what is bringing weights into the kernels' layouts it does not: a session of the already
 * rewritten graph, and the same without prepacking, take so much less. Of each kind the fastest of up to five loads counts.
 * @throws RUNTIME_LOAD_FAILED, RUNTIME_DIED, CANCELLED
 */
export async function measureLoading(
  runner: Runner,
  { source, settings }: { readonly source: ModelSource; readonly settings: SessionSettings },
  call: RunnerCallOptions,
): Promise<Loading> {
  const folder = await mkdtemp(join(tmpdir(), 'lapidary-profile-'));
  try {
    const path = join(folder, 'rewritten.onnx');
    const rewritten = await writeRewritten(
      runner,
      { source, settings: { ...settings, optimizedModelPath: path } },
      call,
    );
    const timed = (from: ModelSource, how: Partial<SessionSettings> = {}): Promise<LoadTimes> =>
      timeLoads(runner, { source: from, settings: { ...settings, ...how } }, { folder, call });
    const whole = await timed(source);
    const parts = rewritten ? await timeRewritten(timed, path) : null;
    const less = (more: number, fewer: number): number => Math.max(0, more - fewer);
    return {
      ...whole,
      optimiseMs: parts === null ? null : less(whole.initialiseMs, parts.packed.initialiseMs),
      prepackMs: parts === null ? null : less(parts.packed.initialiseMs, parts.plain.initialiseMs),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Sessions of the graph as the runtime rewrote it; null where it does not load its own graph (kernels of one machine). */
async function timeRewritten(
  timed: (source: ModelSource, how: Partial<SessionSettings>) => Promise<LoadTimes>,
  path: string,
): Promise<{ readonly packed: LoadTimes; readonly plain: LoadTimes } | null> {
  try {
    const packed = await timed({ path }, { optimization: 'disabled' });
    return { packed, plain: await timed({ path }, { optimization: 'disabled', config: NO_PREPACKING }) };
  } catch (error) {
    if (error instanceof StudioError && error.code === 'RUNTIME_LOAD_FAILED') return null;
    throw error;
  }
}

async function writeRewritten(
  runner: Runner,
  { source, settings }: { readonly source: ModelSource; readonly settings: SessionSettings },
  call: RunnerCallOptions,
): Promise<boolean> {
  try {
    await (await runner.load(source, settings, call)).close(call);
    return true;
  } catch (error) {
    // graphs with compiled parts or above 2 GB cannot be written
    if (error instanceof StudioError && error.code === 'RUNTIME_LOAD_FAILED') return false;
    throw error;
  }
}

async function timeLoads(
  runner: Runner,
  { source, settings }: { readonly source: ModelSource; readonly settings: SessionSettings },
  { folder, call }: { readonly folder: string; readonly call: RunnerCallOptions },
): Promise<LoadTimes> {
  const begin = performance.now();
  let least: LoadTimes = { loads: 0, totalMs: Infinity, parseMs: Infinity, initialiseMs: Infinity };
  while (least.loads < MAX_LOADS && (least.loads === 0 || performance.now() - begin < ENOUGH_MS)) {
    const session = await runner.load(source, { ...settings, profilePrefix: join(folder, 'load') }, call);
    await session.endProfiling(call);
    await session.close(call);
    const told = await readAndForget(folder);
    least = {
      loads: least.loads + 1,
      totalMs: Math.min(least.totalMs, session.loadMs),
      parseMs: Math.min(least.parseMs, told.parseMs),
      initialiseMs: Math.min(least.initialiseMs, told.initialiseMs),
    };
  }
  return least;
}

async function readAndForget(folder: string): Promise<{ readonly parseMs: number; readonly initialiseMs: number }> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('load') && name.endsWith('.json'));
  let parseUs = 0;
  let initialiseUs = 0;
  for (const name of names) {
    const path = join(folder, name);
    for (const event of parseTrace(await readFile(path, 'utf8'))) {
      if (event.name.startsWith('model_loading')) parseUs += event.dur;
      if (event.name === 'session_initialization') initialiseUs += event.dur;
    }
    await rm(path);
  }
  return { parseMs: parseUs / 1000, initialiseMs: initialiseUs / 1000 };
}
