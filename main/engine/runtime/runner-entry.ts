/**
 * The runner: the process that owns every ONNX Runtime session. `session.run()` is a synchronous native call and native code
 * can abort, so it lives where neither can harm the engine: to cancel is to end this process.
 *
 * Calls arrive over the fork's channel and are done one after the other, so a timed series has the process to itself.
 */
import { Worker } from 'node:worker_threads';
import type { Progress } from '../../base/progress.ts';
import { forkPort } from '../../rpc/node/fork-port.ts';
import { Peer } from '../../rpc/peer.ts';
import { serveTable, type CallContext, type Table } from '../../rpc/serve.ts';
import { Feeds } from './feeds.ts';
import { Observations } from './observations.ts';
import { OrtSessions } from './ort-sessions.ts';
import { TAKES_TURNS, type RunnerCalls, type RunnerQuestions } from './protocol.ts';
import { peakResidentBytes, residentBytes, resetPeakResident } from './resident-memory.ts';
import { timeSessions, type Timing, type TimingHost } from './timing.ts';
import { ValueScans } from './value-scans.ts';

const PROGRESS_EVERY_MS = 100;

const sessions = new OrtSessions();
const feeds = new Feeds(sessions);
const scans = new ValueScans(sessions);
const observations = new Observations(sessions);
let peakIsFresh = false;
let queue: Promise<unknown> = Promise.resolve();

const table: Table<RunnerCalls> = {
  hello: () => sessions.about(),
  load: ({ source, settings }) => sessions.load(source, settings),
  run: ({ session, feeds, outputs }) => sessions.run(session, feeds, outputs),
  runKeeping: (params) => sessions.runKeeping(params),
  fetch: ({ kept }) => sessions.fetch(kept),
  release: ({ kept }) => {
    sessions.release(kept);
    return null;
  },
  observe: (params) => observations.run(params),
  observed: ({ into }) => Promise.resolve(observations.take(into)),
  scan: (params) => scans.run(params),
  scanned: ({ into }) => Promise.resolve(scans.take(into)),
  time,
  openFeed: ({ source }) => feeds.open(source),
  runFeed: ({ feed, entries }) => feeds.run(feed, entries),
  closeFeed: async ({ feed }) => {
    await feeds.close(feed);
    return null;
  },
  endProfiling: ({ session }) => {
    sessions.endProfiling(session);
    return null;
  },
  memory: ({ reset }) => {
    if (reset) peakIsFresh = resetPeakResident();
    return { residentBytes: residentBytes(), peakBytes: peakResidentBytes(), peakIsFresh };
  },
  close: async ({ session }) => {
    await sessions.close(session);
    return null;
  },
};
const serve = serveTable(table);

const engine = new Peer<RunnerQuestions>(forkPort(process), {
  serve: (...call) => {
    const answer = queue.then(() => serve(...call));
    queue = answer.catch(() => undefined);
    return answer;
  },
});
process.on('disconnect', () => process.exit(0));
watchParent();

function time(params: RunnerCalls['time']['params'], { progress }: CallContext): Promise<readonly Timing[]> {
  const runs = params.entries.map(({ session, feeds, outputs }) =>
    sessions.prepare(session, feeds, outputs ?? undefined),
  );
  let reportedAt = 0;
  const host: TimingHost = {
    run: (index) => runs[index]!(),
    now: () => Number(process.hrtime.bigint()) / 1e6,
    residentBytes,
    ...(process.argv.includes(TAKES_TURNS) ? { take: () => engine.call('takeTurn', null) } : {}),
    progress: (stage, done, total) => {
      const now = performance.now();
      if (now - reportedAt < PROGRESS_EVERY_MS) return;
      reportedAt = now;
      progress({ stage, done, total } satisfies Progress);
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
