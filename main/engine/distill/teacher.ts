import { StudioError } from '../../base/errors.ts';
import { numbersOf } from '../dataset/model-outputs.ts';
import type { KeptChannels } from '../prune/lineage.ts';
import type { Session } from '../runtime/session.ts';
import { elementCount, type HostTensor, type HostTensors } from '../tensor/host-tensor.ts';
import type { Item } from './batch-order.ts';
import type { Target } from './match.ts';
import type { ViewedSamples } from './viewed-samples.ts';

export interface TeacherOptions {
  /** Of the same model, each in a runner of its own. */
  readonly sessions: readonly Session[];
  readonly samples: ViewedSamples;
  readonly targets: readonly Target[];
  /** Channels that the student has left of a value of the teacher. */
  readonly kept: (value: { readonly teacher: string }) => readonly KeptChannels[];
  /** Bytes of targets that may be held; what is beyond is computed each time it is asked for. */
  readonly budget: number;
  readonly signal: AbortSignal;
}

/** What the student is to come near to, sample by sample. What was computed once is kept, as far as there is memory. */
export class Teacher {
  readonly #options: TeacherOptions;
  /** Rows of the targets that come from the teacher, by sample and view. */
  readonly #held = new Map<string, readonly Float32Array[]>();
  readonly #fromTeacher: readonly Target[];
  #bytes = 0;

  constructor(options: TeacherOptions) {
    this.#options = options;
    this.#fromTeacher = options.targets.filter(({ match }) => match.kind !== 'labels');
  }

  /**
   * The targets of a batch, by the objective's inputs.
   * @param lane which session computes what is not there yet
   * @throws DATA_INVALID where the teacher gives NaN; RUNTIME_…, CANCELLED
   */
  async targetsOf(items: readonly Item[], lane = 0): Promise<HostTensors> {
    const rows = await this.#rowsOf(items, lane);
    const tensors: Record<string, HostTensor> = {};
    for (const [at, { input, match }] of this.#fromTeacher.entries()) {
      const size = elementCount(match.targetDims.slice(1));
      const data = new Float32Array(items.length * size);
      for (const [row, item] of items.entries()) data.set(rows.get(keyOf(item))![at]!, row * size);
      tensors[input] = { dtype: 'float32', dims: [items.length, ...match.targetDims.slice(1)], data };
    }
    for (const { input, match } of this.#options.targets) {
      if (match.kind === 'labels') tensors[input] = this.#labelsOf(items, match);
    }
    return tensors;
  }

  async #rowsOf(items: readonly Item[], lane: number): Promise<ReadonlyMap<string, readonly Float32Array[]>> {
    const found = new Map<string, readonly Float32Array[]>();
    const missing: Item[] = [];
    for (const item of items) {
      const held = this.#held.get(keyOf(item));
      if (held !== undefined) found.set(keyOf(item), held);
      else if (!missing.some((other) => keyOf(other) === keyOf(item))) missing.push(item);
    }
    if (missing.length === 0 || this.#fromTeacher.length === 0) return found;
    const { sessions, samples, budget, signal } = this.#options;
    const session = sessions[lane]!;
    const outputs = [...new Set(this.#fromTeacher.map(({ match }) => match.teacher))];
    const given = await session.run(samples.feeds(missing, session.inputs), { outputs, signal });
    const columns = this.#fromTeacher.map((target) =>
      this.#rowsIn(given[target.match.teacher]!, target, missing.length),
    );
    for (const [row, item] of missing.entries()) {
      const rows = columns.map((column) => column[row]!);
      const bytes = rows.reduce((sum, { byteLength }) => sum + byteLength, 0);
      found.set(keyOf(item), rows);
      if (this.#bytes + bytes > budget || this.#held.has(keyOf(item))) continue;
      this.#held.set(keyOf(item), rows);
      this.#bytes += bytes;
    }
    return found;
  }

  /** A value of the teacher, sample by sample, with the channels that the student has. */
  #rowsIn(tensor: HostTensor, { match }: Target, count: number): readonly Float32Array[] {
    let dims = tensor.dims;
    let data: Float32Array = Float32Array.from(numbersOf(tensor));
    for (const cut of this.#options.kept(match)) ({ dims, data } = takeChannels(data, dims, cut));
    if (data.some((value) => !Number.isFinite(value))) {
      throw new StudioError('DATA_INVALID', `The teacher gives NaN or infinite values at '${match.teacher}'`, {
        hint: 'Look for samples that hold such values, or choose another teacher.',
      });
    }
    const size = data.length / count;
    return Array.from({ length: count }, (_, row) => data.slice(row * size, (row + 1) * size));
  }

  #labelsOf(items: readonly Item[], { targetDims, axis }: Target['match']): HostTensor {
    const classes = targetDims[axis]!;
    const places = targetDims.filter((_, at) => at !== axis).slice(1);
    const data = new BigInt64Array(items.length * elementCount(places));
    for (const [row, { sample }] of items.entries()) {
      const label = this.#options.samples.labels![sample]!;
      if (label < 0 || label >= classes) {
        throw new StudioError('DATA_INVALID', `A sample has the label ${label}, the model has ${classes} classes`, {
          hint: 'Set the label offset, or choose the labels that belong to the model.',
        });
      }
      data.fill(BigInt(label), row * elementCount(places), (row + 1) * elementCount(places));
    }
    return { dtype: 'int64', dims: [items.length, ...places], data };
  }
}

const keyOf = ({ sample, view }: Item): string => `${sample}/${view}`;

/** Some places along one axis of a tensor. */
export function takeChannels(
  data: Float32Array,
  dims: readonly number[],
  { axis, indices }: KeptChannels,
): { readonly dims: readonly number[]; readonly data: Float32Array } {
  const inner = elementCount(dims.slice(axis + 1));
  const outer = elementCount(dims.slice(0, axis));
  const taken = new Float32Array(outer * indices.length * inner);
  for (let block = 0; block < outer; block++) {
    for (const [to, from] of indices.entries()) {
      const at = (block * dims[axis]! + from) * inner;
      taken.set(data.subarray(at, at + inner), (block * indices.length + to) * inner);
    }
  }
  return { dims: dims.map((dim, at) => (at === axis ? indices.length : dim)), data: taken };
}
