import { StudioError } from '../../base/errors.ts';
import { StreamingHistogram, type Histogram } from '../tensor/streaming-histogram.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import type { OrtSessions } from './ort-sessions.ts';
import type { RunnerCalls } from './protocol.ts';

/** Histograms of what runs have given, kept where the values are: they cross no pipe. Runs in the runner only. */
export class Observations {
  readonly #sessions: OrtSessions;
  readonly #known = new Map<number, ReadonlyMap<string, StreamingHistogram>>();
  #next = 1;

  constructor(sessions: OrtSessions) {
    this.#sessions = sessions;
  }

  /** One run, whose `observed` outputs are counted here, and whose `outputs` go back. @throws RUNTIME_RUN_FAILED */
  async run({
    session,
    feeds,
    outputs,
    observed,
    into,
  }: RunnerCalls['observe']['params']): Promise<RunnerCalls['observe']['result']> {
    const histograms = into === null ? undefined : this.#get(into);
    const id = into ?? this.#next++;
    const known = histograms ?? new Map(observed.map(({ values }) => [values, new StreamingHistogram()]));
    this.#known.set(id, known);
    const found = await this.#sessions.run(session, feeds, [...outputs, ...observed.map(({ values }) => values)]);
    for (const { values, least, greatest } of observed) {
      const data = found[values]?.data;
      if (!(data instanceof Float32Array)) continue;
      known
        .get(values)!
        .add(data, least === null ? 0 : Number(found[least]?.data[0]), Number(found[greatest]?.data[0]));
    }
    const given: HostTensors = Object.fromEntries(outputs.map((name) => [name, found[name]!]));
    return { outputs: given, into: id };
  }

  /** What was counted, by output; it is not kept any longer. */
  take(id: number): Readonly<Record<string, Histogram>> {
    const histograms = this.#get(id);
    this.#known.delete(id);
    return Object.fromEntries([...histograms].map(([name, histogram]) => [name, histogram.taken()]));
  }

  #get(id: number): ReadonlyMap<string, StreamingHistogram> {
    const known = this.#known.get(id);
    if (known === undefined) throw new StudioError('INTERNAL', `No observation ${id} in this runner; was it taken?`);
    return known;
  }
}
