import { StudioError } from '../../base/errors.ts';
import { ValueScan, type ScannedValue } from '../tensor/value-scan.ts';
import type { OrtSessions } from './ort-sessions.ts';
import type { RunnerCalls } from './protocol.ts';

/** What is met among the values of many runs, counted where the values are: they cross no pipe. Runs in the runner only. */
export class ValueScans {
  readonly #sessions: OrtSessions;
  readonly #known = new Map<number, ReadonlyMap<string, ValueScan>>();
  #next = 1;

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
    const id = into ?? this.#next++;
    const scans =
      into === null ? new Map(values.map(({ name, axis }) => [name, new ValueScan(axis)])) : this.#get(into);
    this.#known.set(id, scans);
    const outputs = values.flatMap(({ name }) => (feeds[name] === undefined ? [name] : []));
    const found = { ...(await this.#sessions.run(session, feeds, outputs)), ...feeds };
    for (const [name, scan] of scans) scan.add(found[name]!, run);
    return { into: id };
  }

  /** What was met, by value; it is not kept any longer. */
  take(id: number): Readonly<Record<string, ScannedValue>> {
    const scans = this.#get(id);
    this.#known.delete(id);
    return Object.fromEntries([...scans].map(([name, scan]) => [name, scan.taken()]));
  }

  #get(id: number): ReadonlyMap<string, ValueScan> {
    const known = this.#known.get(id);
    if (known === undefined) throw new StudioError('INTERNAL', `No scan ${id} in this runner; was it taken?`);
    return known;
  }
}
