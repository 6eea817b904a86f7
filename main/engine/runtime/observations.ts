import { StreamingHistogram, type Histogram } from '../tensor/streaming-histogram.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { Gathered } from './gathered.ts';
import type { OrtSessions } from './ort-sessions.ts';
import type { RunnerCalls } from './protocol.ts';

/** Histograms of what runs have given, kept where the values are: they cross no pipe. Runs in the runner only. */
export class Observations {
  readonly #sessions: OrtSessions;
  readonly #histograms = new Gathered<ReadonlyMap<string, StreamingHistogram>>('observation');

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
    const { id, gathered } = this.#histograms.open(
      into,
      () => new Map(observed.map(({ values }) => [values, new StreamingHistogram()])),
    );
    const found = await this.#sessions.run(session, feeds, [...outputs, ...observed.map(({ values }) => values)]);
    for (const { values, least, greatest } of observed) {
      const data = found[values]?.data;
      if (!(data instanceof Float32Array)) continue;
      gathered
        .get(values)!
        .add(data, least === null ? 0 : Number(found[least]?.data[0]), Number(found[greatest]?.data[0]));
    }
    const given: HostTensors = Object.fromEntries(outputs.map((name) => [name, found[name]!]));
    return { outputs: given, into: id };
  }

  /** What was counted, by output; it is not kept any longer. */
  take(id: number): Readonly<Record<string, Histogram>> {
    return Object.fromEntries([...this.#histograms.take(id)].map(([name, histogram]) => [name, histogram.taken()]));
  }
}
