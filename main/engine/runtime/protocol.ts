import type { Progress } from '../../base/progress.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import type { Histogram } from '../tensor/streaming-histogram.ts';
import type { ScannedValue } from '../tensor/value-scan.ts';
import type { WeightedFiles } from './exchange.ts';
import type { FedResult, FedSession, FeedSource } from './feeder.ts';
import type { LoadedSource, PortInfo, SessionSettings } from './settings.ts';
import type { Timing, TimingPlan } from './timing.ts';

/** Memory of the runner process, in bytes. */
export interface RunnerMemory {
  readonly residentBytes: number;
  /** Highest since the last reset, or since the process began where it cannot be reset. */
  readonly peakBytes: number;
  /** Whether the peak speaks of the time since the reset. */
  readonly peakIsFresh: boolean;
}

export interface LoadResult {
  readonly session: number;
  readonly inputs: readonly PortInfo[];
  readonly outputs: readonly PortInfo[];
  readonly loadMs: number;
  /** Resident memory of the runner before and after the session was made. */
  readonly beforeBytes: number;
  readonly afterBytes: number;
}

/** Values that stay in the runner's process. */
export interface KeptValues {
  readonly id: number;
  readonly bytes: number;
}

/** Elements of an output: all, or those of some indices of its second axis, in every row of the first. */
export interface OutputPart {
  readonly output: string;
  /** null: all. */
  readonly indices: { readonly from: number; readonly count: number } | null;
}

/** From the least to the greatest value; the least of no value is infinite. NaN where there is one. */
export interface Extent {
  readonly min: number;
  readonly max: number;
}

/** A float32 tensor that is looked at through outputs. */
export interface ObservedTensor {
  /** The values to be counted. */
  readonly values: OutputPart;
  /** Elements of which the least is the tensor's; null: none of its is negative. */
  readonly least: OutputPart | null;
  readonly greatest: OutputPart;
}

/** Every call that the engine may make to the runner. */
export interface RunnerCalls {
  hello: { params: null; result: { readonly onnxruntime: string; readonly backends: readonly string[] } };
  load: { params: { readonly source: LoadedSource; readonly settings: SessionSettings }; result: LoadResult };
  run: {
    params: { readonly session: number; readonly feeds: HostTensors; readonly outputs: readonly string[] };
    result: HostTensors;
  };
  /** A run that takes values which an earlier one left in the process, and leaves some there itself. */
  runKeeping: {
    params: {
      readonly session: number;
      readonly feeds: HostTensors;
      /** What earlier runs have left; where two bear one name, the later one counts. */
      readonly from: readonly number[];
      /** Outputs that stay, by name, each with the name under which later runs find it. */
      readonly keep: Readonly<Record<string, string>>;
      readonly outputs: readonly string[];
      /** Outputs, float32, whose elements go into files, by name. */
      readonly handOver?: Readonly<Record<string, string>>;
      /** Inputs that are means of what runners have put into files. */
      readonly means?: Readonly<Record<string, WeightedFiles>>;
    };
    result: { readonly outputs: HostTensors; readonly kept: KeptValues | null };
  };
  /** Values that were left in the process; they stay there. */
  fetch: { params: { readonly kept: number }; result: HostTensors };
  /** Lets go of values that were left in the process. */
  release: { params: { readonly kept: readonly number[] }; result: null };
  /** A run of which tensors are counted in the process, into what an earlier run began (null: into new ones), each in its place. */
  observe: {
    params: {
      readonly session: number;
      readonly feeds: HostTensors;
      readonly observed: readonly ObservedTensor[];
      readonly into: number | null;
    };
    result: { readonly extremes: readonly Extent[]; readonly into: number };
  };
  /** What was counted, in the same order; it is not kept any longer. */
  observed: { params: { readonly into: number }; result: readonly Histogram[] };
  /** A run whose values (outputs and feeds) are looked at in the process, into what an earlier run began; null: into a new one. */
  scan: {
    params: {
      readonly session: number;
      readonly feeds: HostTensors;
      /** `axis`: of the channels; null: it has none. */
      readonly values: readonly { readonly name: string; readonly axis: number | null }[];
      readonly run: { readonly first: number; readonly batch: number; readonly count: number };
      readonly into: number | null;
    };
    result: { readonly into: number };
  };
  /** What was met, by value; it is not kept any longer. */
  scanned: { params: { readonly into: number }; result: Readonly<Record<string, ScannedValue>> };
  time: {
    params: {
      /** `outputs`: names of those to fetch; null: all. */
      readonly entries: readonly {
        readonly session: number;
        readonly feeds: HostTensors;
        readonly outputs: readonly string[] | null;
      }[];
      readonly plan: TimingPlan;
    };
    result: readonly Timing[];
  };
  /** Starts a thread of the runner that makes batches; it is ready when the call returns. */
  openFeed: { params: { readonly source: FeedSource }; result: { readonly feed: number } };
  /** Runs sessions on the feed's next batches, as many as one answer is worth; [] after the last. */
  runFeed: { params: { readonly feed: number; readonly entries: readonly FedSession[] }; result: readonly FedResult[] };
  closeFeed: { params: { readonly feed: number }; result: null };
  endProfiling: { params: { readonly session: number }; result: null };
  memory: { params: { readonly reset: boolean }; result: RunnerMemory };
  close: { params: { readonly session: number }; result: null };
}

/** What the runner asks of the engine. */
export interface RunnerQuestions {
  /** Before each block of timed runs; see `Turns`. */
  takeTurn: { params: null; result: boolean };
}

/** Argument of a runner process whose timed series take turns. */
export const TAKES_TURNS = '--takes-turns';

/** The calls that the engine may make to a runner. */
export interface RunnerCaller {
  readonly call: <M extends keyof RunnerCalls>(
    method: M,
    params: RunnerCalls[M]['params'],
    options?: RunnerCallOptions,
  ) => Promise<RunnerCalls[M]['result']>;
}

/** What every call to a runner takes: aborting the signal ends the runner process at once, with everything in it. */
export interface RunnerCallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}
