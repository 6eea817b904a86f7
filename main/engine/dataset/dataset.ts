import type { Preprocessing } from '../../contract/data.ts';
import type { DType } from '../tensor/dtype.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import type { MakeFloats } from './raw-samples.ts';

/** A model's input, as the runtime or the graph describes it. A `PortInfo` of a session is one. */
export interface InputSpec {
  readonly name: string;
  /** null: no tensor. */
  readonly dtype: DType | null;
  /** The batch first; a symbolic dimension is its name, an unknown one null. null: not even the rank is known. */
  readonly shape: readonly (number | string | null)[] | null;
}

/** Samples ready to be run. */
export interface Batch {
  readonly feeds: HostTensors;
  /** Class index of each sample, the label offset added; null without labels. */
  readonly labels: Int32Array | null;
  /** Samples; a model with a fixed batch size gets rows of padding after them, whose outputs mean nothing. */
  readonly count: number;
}

export type DatasetKind = 'npz' | 'npy' | 'images' | 'idx' | 'pb';

/** A data set on disk. Nothing but its description and its labels is held in memory. */
export interface Dataset {
  readonly kind: DatasetKind;
  /** Last part of its path. */
  readonly name: string;
  readonly path: string;
  readonly samples: number;
  readonly labelled: boolean;
  /** Class index of each sample, the label offset added; null without labels. */
  readonly labels: Int32Array | null;
  /** Names of the classes, by label without the offset; [] without labels. */
  readonly classes: readonly string[];
  /** Shape of one raw sample; null where they differ (images) or where a sample has several arrays. */
  readonly sampleShape: readonly number[] | null;
  /** Type of the raw values, 'uint8' for images; null where a sample has several arrays. */
  readonly sampleDtype: DType | null;
  /** Changes when the files do: SHA-256 over their names, sizes and times of change. */
  readonly fingerprint: string;
  readonly preprocessing: Preprocessing;
  /** What it was opened with, so that another process can open it again. */
  readonly options: DatasetOptions;
  /**
   * How the samples become these inputs, as said to people.
   * @throws DATA_SHAPE when they do not fit
   */
  describe(inputs: readonly InputSpec[]): string;
  /**
   * The samples in order, in batches of `batchSize` (of the model's own size where that is fixed), read while the consumer
   * works on the batch before. The tensors are new for each batch, unless `floats` says otherwise.
   * @throws DATA_SHAPE when they do not fit the inputs, DATA_INVALID for damaged files, CANCELLED
   */
  batches(inputs: readonly InputSpec[], batchSize: number, options?: BatchOptions): AsyncIterable<Batch>;
  /**
   * What the samples hold, before any preprocessing, to find the same one in another set.
   * @throws DATA_INVALID for damaged files, CANCELLED
   */
  contents(options?: ContentOptions): Promise<readonly Content[]>;
}

/** One sample's raw content. */
export interface Content {
  readonly bytes: number;
  /** SHA-256 of the bytes and their type, in hex; '' where the size was not asked for. */
  readonly hash: string;
}

export interface ContentOptions {
  /** Samples by index, ascending; null: all. */
  readonly indices?: Uint32Array | null;
  /** Only samples of these sizes are read. Default: all. */
  readonly sizes?: ReadonlySet<number>;
  readonly signal?: AbortSignal | undefined;
}

export interface BatchOptions {
  /** Samples by index, ascending; null: all. */
  readonly indices?: Uint32Array | null;
  /** Samples from the start (of `indices`, where given); null: all. */
  readonly limit?: number | null;
  readonly signal?: AbortSignal | undefined;
  /** Gives the arrays of float inputs, so that those of former batches can be written again. Default: new ones. */
  readonly floats?: MakeFloats;
}

/** What {@link openDataset} may be told. */
export interface DatasetOptions {
  /** Labels in another file: .npy, .npz, IDX, or text with a label on each line. */
  readonly labelsPath?: string | null;
  readonly preprocessing?: Partial<Preprocessing>;
  /** Names of the arrays in an .npz with the samples and with the labels; guessed when left out. */
  readonly x?: string;
  readonly y?: string;
}
