/**
 * The runner: the process that owns every ONNX Runtime session. `session.run()` is a synchronous native call and native code
 * can abort, so it lives where neither can harm the engine: to cancel is to end this process.
 *
 * Calls arrive over the fork's channel and are done one after the other, so a timed series has the process to itself.
 */
import { Worker } from 'node:worker_threads';
import { StudioError } from '../../base/errors.ts';
import { noRoomError } from '../../base/write-whole.ts';
import { OrtSessions } from './ort-sessions.ts';
import type { RunnerCalls, RunnerReply, RunnerRequest } from './protocol.ts';
import { peakResidentBytes, residentBytes, resetPeakResident } from './resident-memory.ts';
import { timeSessions, type TimingHost } from './timing.ts';

const PROGRESS_EVERY_MS = 100;

const sessions = new OrtSessions();
let peakIsFresh = false;
let queue: Promise<unknown> = Promise.resolve();

process.on('message', (message: unknown) => {
  const request = message as RunnerRequest; // the only sender is runner.ts of the same build
  queue = queue.then(() => answer(request));
});
process.on('disconnect', () => process.exit(0));
watchParent();

async function answer(request: RunnerRequest): Promise<void> {
  try {
    reply({ id: request.id, kind: 'result', value: await perform(request) });
  } catch (error) {
    const known =
      error instanceof StudioError
        ? error
        : (noRoomError(error) ?? new StudioError('INTERNAL', `In the runner: ${String(error)}`));
    reply({ id: request.id, kind: 'error', code: known.code, message: known.message, hint: known.hint });
  }
}

function reply(message: RunnerReply): void {
  if (process.connected) process.send?.(message);
}

async function perform(request: RunnerRequest): Promise<RunnerCalls[RunnerRequest['method']]['result']> {
  switch (request.method) {
    case 'hello':
      return sessions.about();
    case 'load':
      return sessions.load(request.params.source, request.params.settings);
    case 'run':
      return sessions.run(request.params.session, request.params.feeds, request.params.outputs);
    case 'time':
      return time(request.id, request.params);
    case 'endProfiling':
      sessions.endProfiling(request.params.session);
      return null;
    case 'memory':
      if (request.params.reset) peakIsFresh = resetPeakResident();
      return { residentBytes: residentBytes(), peakBytes: peakResidentBytes(), peakIsFresh };
    case 'close':
      await sessions.close(request.params.session);
      return null;
  }
}

async function time(id: number, params: RunnerCalls['time']['params']): Promise<RunnerCalls['time']['result']> {
  const runs = params.entries.map(({ session, feeds, outputs }) =>
    sessions.prepare(session, feeds, outputs ?? undefined),
  );
  let reportedAt = 0;
  const host: TimingHost = {
    run: (index) => runs[index]!(),
    now: () => Number(process.hrtime.bigint()) / 1e6,
    residentBytes,
    progress: (stage, done, total) => {
      const now = performance.now();
      if (now - reportedAt < PROGRESS_EVERY_MS) return;
      reportedAt = now;
      reply({ id, kind: 'progress', stage, done, total });
    },
  };
  return timeSessions(host, [...runs.keys()], params.plan);
}

/**
 * Ends this process soon after its parent is gone even in the middle of a long native run, when 'disconnect' cannot be
 * heard: a thread looks every second whether the parent is still the same and alive.
 */
function watchParent(): void {
  const watcher = new Worker(
    `const parent = process.ppid;
     setInterval(() => {
       let alive = process.ppid === parent;
       try { process.kill(parent, 0); } catch { alive = false; }
       if (!alive) process.kill(process.pid, 'SIGKILL');
     }, 1000);`,
    { eval: true, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 8 } },
  );
  watcher.unref();
}
