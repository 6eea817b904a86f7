import { StudioError } from '../../base/errors.ts';

/** One event of ONNX Runtime's trace (Chrome's trace format). Times in µs since the session was made. */
export interface TraceEvent {
  readonly cat: string;
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly args: Readonly<Record<string, unknown>>;
}

/** One execution of a kernel on the CPU; for a GPU provider only its dispatch. */
export interface KernelEvent {
  /** The node's name in the optimised graph; `<Op>_<index>` for a node without one. */
  readonly name: string;
  readonly op: string;
  readonly provider: string;
  readonly startUs: number;
  readonly durationUs: number;
  /** "float [1,3,32,32]" */
  readonly inputShapes: readonly string[];
  readonly outputShapes: readonly string[];
  /** Activations read and written. */
  readonly activationBytes: number;
  readonly parameterBytes: number;
  /** What the allocator held behind it; undefined: not told. */
  readonly memory: KernelMemory | undefined;
}

/** Bytes of the runtime's allocator when a kernel had run. */
export interface KernelMemory {
  readonly inUseBytes: number;
  readonly requestedBytes: number;
  readonly arenaBytes: number;
}

/** One execution of a shader, by the GPU's own clock. A kernel may run several. */
export interface GpuEvent {
  readonly kernel: string;
  readonly op: string;
  readonly shader: string;
  readonly startUs: number;
  readonly durationUs: number;
}

/** One run of the model: its window on the clock, and what ran in it. */
export interface TracedRun {
  readonly startUs: number;
  readonly durationUs: number;
  /** What of it the executor took; null: not told. */
  readonly executeUs: number | null;
  readonly kernels: readonly KernelEvent[];
  readonly gpu: readonly GpuEvent[];
}

const KERNEL_SUFFIX = '_kernel_time';
const EXECUTOR_SUFFIX = 'Executor::Execute';

/**
 * Reads the trace that ONNX Runtime writes.
 * @returns its events; an array that the process had no time to close is closed
 * @throws WRITE_FAILED when it is no JSON: the runtime says nothing when the disk takes only a part of it
 */
export function parseTrace(text: string): readonly TraceEvent[] {
  const trimmed = text.trimEnd();
  const closed = trimmed.endsWith(']') ? trimmed : `${trimmed.replace(/,$/, '')}]`;
  try {
    const events = JSON.parse(closed) as Partial<TraceEvent>[];
    return events.map((event) => ({
      cat: event.cat ?? '',
      name: event.name ?? '',
      ph: event.ph ?? 'X',
      pid: event.pid ?? 0,
      tid: event.tid ?? 0,
      ts: event.ts ?? 0,
      dur: event.dur ?? 0,
      args: event.args ?? {},
    }));
  } catch (error) {
    throw new StudioError('WRITE_FAILED', `The runtime's trace was not written whole (${String(error)})`, {
      hint: 'The disk of temporary files may be full: make room, or set TMPDIR to a folder on another disk.',
      cause: error,
    });
  }
}

/** Splits a trace into the runs of the model, in order. An event belongs to the last run that began before it. */
export function tracedRuns(events: readonly TraceEvent[]): readonly TracedRun[] {
  const windows = events
    .filter((event) => event.cat === 'Session' && event.name === 'model_run')
    .sort((a, b) => a.ts - b.ts);
  const runs = windows.map((window) => ({
    startUs: window.ts,
    durationUs: window.dur,
    executeUs: null as number | null,
    kernels: [] as KernelEvent[],
    gpu: [] as GpuEvent[],
  }));
  const runAt = (ts: number): (typeof runs)[number] | undefined => {
    let low = 0;
    let high = runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (runs[middle]!.startUs <= ts) low = middle + 1;
      else high = middle;
    }
    return runs[low - 1];
  };
  for (const event of events) {
    if (event.cat === 'Node' && event.name.endsWith(KERNEL_SUFFIX)) runAt(event.ts)?.kernels.push(kernelEvent(event));
    else if (event.cat === 'Api') runAt(event.ts)?.gpu.push(gpuEvent(event));
    else if (event.cat === 'Session' && event.name.endsWith(EXECUTOR_SUFFIX)) {
      const run = runAt(event.ts);
      // those of branches and bodies run within the whole graph's
      if (run !== undefined) run.executeUs = Math.max(run.executeUs ?? 0, event.dur);
    }
  }
  return runs;
}

function kernelEvent(event: TraceEvent): KernelEvent {
  const { args } = event;
  return {
    name: event.name.slice(0, -KERNEL_SUFFIX.length),
    op: String(args['op_name'] ?? ''),
    provider: String(args['provider'] ?? ''),
    startUs: event.ts,
    durationUs: event.dur,
    inputShapes: shapes(args['input_type_shape']),
    outputShapes: shapes(args['output_type_shape']),
    activationBytes: bytes(args['activation_size']) + bytes(args['output_size']),
    parameterBytes: bytes(args['parameter_size']),
    memory:
      args['mem_arena_held'] === undefined
        ? undefined
        : {
            inUseBytes: bytes(args['mem_bytes_in_use']),
            requestedBytes: bytes(args['mem_bytes_requested_in_use']),
            arenaBytes: bytes(args['mem_arena_held']),
          },
  };
}

/** Their names are `<node>&<op>&<shader>`; the node's name itself may hold an ampersand. */
function gpuEvent(event: TraceEvent): GpuEvent {
  const parts = event.name.split('&');
  const shader = parts.length > 2 ? parts.pop()! : '';
  const op = parts.length > 1 ? parts.pop()! : '';
  return { kernel: parts.join('&'), op, shader, startUs: event.ts, durationUs: event.dur };
}

/** [{"float":[1,3]}] → ["float [1,3]"] */
function shapes(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry) =>
    Object.entries(entry as Record<string, unknown>).map(([type, dims]) => `${type} [${String(dims)}]`),
  );
}

function bytes(value: unknown): number {
  const number = Number(value ?? 0);
  return Number.isFinite(number) ? number : 0;
}
