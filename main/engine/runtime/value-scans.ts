import { ValueScan, type ScannedValue } from '../tensor/value-scan.ts';
import { Gathered } from './gathered.ts';
import type { OrtSessions } from './ort-sessions.ts';
import type { RunnerCalls } from './protocol.ts';

/** What is met among the values of many runs, counted where the values are: they cross no pipe. Runs in the runner only. */
export class ValueScans {
  readonly #sessions: OrtSessions;
  readonly #scans = new Gathered<ReadonlyMap<string, ValueScan>>('scan');

  constructor(sessions: OrtSessions) {
    this.#sessions = sessions;
  }

  /** One run whose values are looked at, what is fed included. @throws RUNTIME_RUN_FAILED */
  async run({
    session,
    feeds,
    values,
    run,
    into,
  }: RunnerCalls['scan']['params']): Promise<RunnerCalls['scan']['result']> {
    const { id, gathered: scans } = this.#scans.open(
      into,
      () => new Map(values.map(({ name, axis }) => [name, new ValueScan(axis)])),
    );
    const outputs = values.flatMap(({ name }) => (feeds[name] === undefined ? [name] : []));
    const found = { ...(await this.#sessions.run(session, feeds, outputs)), ...feeds };
    for (const [name, scan] of scans) scan.add(found[name]!, run);
    return { into: id };
  }

  /** What was met, by value; it is not kept any longer. */
  take(id: number): Readonly<Record<string, ScannedValue>> {
    return Object.fromEntries([...this.#scans.take(id)].map(([name, scan]) => [name, scan.taken()]));
  }
}
