import type { Provider } from '../../contract/machine.ts';
import type { Tensor } from '../graph/ir.ts';
import type { DType } from '../tensor/dtype.ts';

/** How a session is made. Everything but the provider has a sensible default. */
export interface SessionSettings {
  readonly provider: Provider;
  /** Threads within an operator; null: one for each physical core. */
  readonly threads: number | null;
  /**
   * Graph optimisations of the runtime: 'all' (default) rewrites, fuses and changes layouts, 'extended' keeps the layouts,
   * 'basic' only folds, 'disabled' runs it as written.
   */
  readonly optimization?: 'all' | 'extended' | 'basic' | 'disabled';
  /** parallel: operators that do not wait for each other run side by side. Default sequential. */
  readonly execution?: 'sequential' | 'parallel';
  /** Whether buffers come from an arena that keeps what it once took. Default true. */
  readonly arena?: boolean;
  /**
   * Whether from the second run of the same sizes on all values lie in one block that is planned as a whole. It comes beside what the arena
   * took for the first run (a training step of MobileNetV2: 905 MiB, without 605). Default true.
   */
  readonly memoryPattern?: boolean;
  /** Sizes for symbolic dimensions, known before the session is made so that the runtime can plan with them. */
  readonly freeDimensions?: Readonly<Record<string, number>>;
  /** Turns the profiler on; the trace is written to a file whose name starts with this path. */
  readonly profilePrefix?: string;
  /** Where the runtime writes the graph that it really executes. */
  readonly optimizedModelPath?: string;
  /**
   * The session will be timed in turns with others. Its threads then stop spinning at the end of each run; otherwise they
   * steal the cores from the next session's run (two equal models on 2 cores: 0.83 and 0.54 ms, with this 0.53 and 0.53,
   * alone 0.48).
   */
  readonly takesTurns?: boolean;
  /** Session config entries as ONNX Runtime names them: {"session.x64quantprecision": "1"}. */
  readonly config?: Readonly<Record<string, string>>;
}

/** What a process loads: a file, or bytes (in chunks or whole). External data of bytes is looked up in `directory`. */
export type LoadedSource =
  { readonly path: string } | { readonly bytes: Uint8Array | readonly Uint8Array[]; readonly directory?: string };

/** The same, and bytes without their large weights: these are handed over in a file (see `apartFromWeights`). */
export type ModelSource =
  LoadedSource | { readonly bytes: readonly Uint8Array[]; readonly weights: readonly WeightsPiece[] };

/** A weight, and where its bytes begin in the file. */
export interface WeightsPiece {
  /** It, or one of several that share their bytes. */
  readonly tensor: Tensor;
  readonly offset: number;
}

/** An input or output as the runtime sees it; `dtype` and `shape` are null where it is no tensor. */
export interface PortInfo {
  readonly name: string;
  readonly dtype: DType | null;
  /** A symbolic dimension is its name ('' when it has none). */
  readonly shape: readonly (number | string)[] | null;
}

/** No protobuf message may be larger (2 GiB − 1). */
export const PROTOBUF_LIMIT = 0x7fffffff;

/** Bytes of a source that the runtime takes from memory. */
export function memoryBytes(source: ModelSource): number {
  if ('path' in source) return 0;
  const { bytes } = source;
  return bytes instanceof Uint8Array ? bytes.length : bytes.reduce((sum, piece) => sum + piece.length, 0);
}
