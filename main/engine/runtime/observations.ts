import { StreamingHistogram, type Histogram } from '../tensor/streaming-histogram.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { Gathered } from './gathered.ts';
import type { OrtSessions } from './ort-sessions.ts';
import type { Extent, ObservedTensor, OutputPart, RunnerCalls } from './protocol.ts';

/** Histograms of what runs have given, kept where the values are: they cross no pipe. Runs in the runner only. */
export class Observations {
  readonly #sessions: OrtSessions;
  readonly #histograms = new Gathered<readonly StreamingHistogram[]>('observation');

  constructor(sessions: OrtSessions) {
    this.#sessions = sessions;
  }

  /** One run, of which tensors are counted here, and their extremes go back. @throws RUNTIME_RUN_FAILED */
  async run({
    session,
    feeds,
    observed,
    into,
  }: RunnerCalls['observe']['params']): Promise<RunnerCalls['observe']['result']> {
    const { id, gathered } = this.#histograms.open(into, () => observed.map(() => new StreamingHistogram()));
    const parts = observed.flatMap(({ values, least, greatest }) => [
      values,
      greatest,
      ...(least === null ? [] : [least]),
    ]);
    const outputs = [...new Set(parts.map(({ output }) => output))];
    const found = await this.#sessions.run(session, feeds, outputs);
    const extremes = observed.map((tensor) => extentOf(found, tensor));
    for (const [at, { values }] of observed.entries()) {
      for (const piece of pieces(found, values)) gathered[at]!.add(piece, extremes[at]!.min, extremes[at]!.max);
    }
    return { extremes, into: id };
  }

  /** What was counted, in the order of the tensors; it is not kept any longer. */
  take(id: number): readonly Histogram[] {
    return this.#histograms.take(id).map((histogram) => histogram.taken());
  }
}

function extentOf(found: HostTensors, { least, greatest }: ObservedTensor): Extent {
  let [min, max] = [least === null ? 0 : Infinity, -Infinity];
  for (const piece of least === null ? [] : pieces(found, least)) for (const value of piece) min = Math.min(min, value);
  for (const piece of pieces(found, greatest)) for (const value of piece) max = Math.max(max, value);
  return { min, max };
}

/** The elements of a part, as views; none of what is no float32. */
function* pieces(found: HostTensors, { output, indices }: OutputPart): Generator<Float32Array> {
  const { data, dims } = found[output] ?? {};
  if (!(data instanceof Float32Array) || dims === undefined) return;
  if (indices === null) {
    yield data;
    return;
  }
  const [rows = 0, all = 0] = dims;
  const size = rows * all === 0 ? 0 : data.length / (rows * all);
  for (let row = 0; row < rows; row++) {
    const start = (row * all + indices.from) * size;
    yield data.subarray(start, start + indices.count * size);
  }
}
