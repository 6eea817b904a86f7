import { StudioError } from '../../base/errors.ts';
import type { Model } from '../graph/ir.ts';
import { walkNodes } from '../graph/walk.ts';
import { nameNodes } from '../passes/name-nodes.ts';
import { inputPorts } from '../runtime/input-dims.ts';
import { attributeKernels } from './attribute.ts';
import { attributeRuns } from './attribute-runs.ts';
import { summarizeLatency } from './latency.ts';
import { liveTensors } from './live-tensors.ts';
import type { ProfileResult } from './profile-result.ts';
import { parseTrace, tracedRuns, type TraceEvent, type TracedRun } from './trace.ts';

/** A trace that ONNX Runtime wrote elsewhere. */
export interface ForeignTrace {
  /** The file's text: the runtime's own array, or Chrome's object around it. */
  readonly text: string;
  /** Of the trace's file, for messages. */
  readonly name: string;
  /** The graph that was executed (`optimized_model_filepath`), which tells fused kernels apart; null: names alone must do. */
  readonly optimised: Model | null;
  /** The graph as the runtime here rewrites it: used without `optimised`, where it has a node for every kernel of the trace. */
  readonly rewrittenHere?: Model | null;
}

/**
 * A profile from a trace made elsewhere (Python, C++, a phone) and its model. Times are those that the runtime told: there
 * is no run without the profiler to hold them against, and nothing is known of that machine but its provider.
 * The first run counts as warm-up where there are others.
 * @throws DATA_INVALID for what is no trace of ONNX Runtime, or one without a run, or of another model
 */
export function importTrace(
  model: Model,
  { text, name, optimised: given, rewrittenHere = null }: ForeignTrace,
): ProfileResult {
  const events = readEvents(text, name);
  const runs = tracedRuns(events);
  if (runs.every(({ kernels }) => kernels.length === 0)) {
    throw new StudioError('DATA_INVALID', `${name} holds no run of a model`, {
      hint: 'Run the model with profiling on (enable_profiling) and end the profiling before the file is taken.',
    });
  }
  const named = nameNodes(model).model;
  const isSame = rewrittenHere !== null && hasEveryKernel(rewrittenHere, runs);
  const optimised = given ?? (isSame ? rewrittenHere : null);
  const dims = dimsOfTrace(named, optimised, runs);
  const timed = runs.map((run, place) => ({
    run,
    timedMs: place === 0 && runs.length > 1 ? null : run.durationUs / 1000,
    wallMs: null,
  }));
  const attributed = attributeRuns({ model: named, optimised, dims }, timed);
  const { kernels, layers, table } = attributed;
  const known = kernels.filter(({ sources }) => sources.length > 0).length;
  if (known === 0) {
    throw new StudioError('DATA_INVALID', `None of the ${kernels.length} kernels in ${name} belongs to this model`, {
      hint: 'Open the model that the trace was made of.',
    });
  }
  const times = Float64Array.from(timed.flatMap(({ timedMs }) => (timedMs === null ? [] : [timedMs])));
  const latency = summarizeLatency({ timesMs: times, warmup: runs.length - times.length });
  return {
    machine: {
      cpu: `of the trace ${name}`,
      cores: 0,
      threads: threadsOf(events),
      os: 'not told',
      node: 'none',
      onnxruntime: 'not told',
      provider: providerOf(kernels),
      vnni: null,
    },
    batch: Object.values(dims)[0] ?? 1,
    dims,
    imported: name,
    latency,
    profiled: { runs: times.length, p50Ms: latency.p50Ms },
    runs: attributed.runs,
    loading: null,
    tensors: optimised === null ? null : liveTensors(optimised, kernels, {}),
    layers,
    kernels,
    unattributedMs: table.unattributedMs,
    memory: { peakBytes: 0, sessionBytes: 0, samples: [] },
    trace: null,
    notes: [
      'Imported: all times were taken under the profiler, elsewhere. What recording costs is in them.',
      ...(optimised === null
        ? [
            'Kernels were attributed by their names alone. With the graph that was executed (optimized_model_filepath) fused layers are told too.',
          ]
        : []),
      ...(known < kernels.length
        ? [`No source layer is known for ${kernels.length - known} of ${kernels.length} kernels.`]
        : []),
    ],
  };
}

function readEvents(text: string, name: string): readonly TraceEvent[] {
  try {
    const whole = text.trimStart().startsWith('{')
      ? JSON.stringify((JSON.parse(text) as { traceEvents?: unknown }).traceEvents ?? [])
      : text;
    // our own export repeats kernels on a track of layers
    return parseTrace(whole).filter(({ cat }) => cat !== 'Layer');
  } catch (error) {
    throw new StudioError('DATA_INVALID', `${name} is no trace of ONNX Runtime`, {
      hint: 'Give the JSON file that the runtime wrote when profiling ended.',
      cause: error,
    });
  }
}

/** Sizes of symbolic dimensions of inputs, as the first kernel saw them that runs a reader of the input. */
function dimsOfTrace(model: Model, optimised: Model | null, runs: readonly TracedRun[]): Record<string, number> {
  const { kernels } = runs.find((run) => run.kernels.length > 0)!;
  const attributions = attributeKernels(model, optimised, kernels);
  const dims: Record<string, number> = {};
  for (const { name, shape } of inputPorts(model)) {
    if (shape === null) continue;
    const readers = new Set(model.graph.nodes.filter(({ inputs }) => inputs.includes(name)).map((node) => node.name));
    const seen = kernels
      .filter((_, at) => attributions[at]!.sources.some((source) => readers.has(source)))
      .flatMap(({ inputShapes }) => inputShapes.map(sizesOf))
      .find(
        (sizes) =>
          sizes.length === shape.length && shape.every((dim, at) => typeof dim === 'string' || dim === sizes[at]),
      );
    for (const [axis, dim] of shape.entries()) {
      if (typeof dim === 'string') dims[dim === '' ? `${name}[${axis}]` : dim] = seen?.[axis] ?? 1;
    }
  }
  return dims;
}

/** "float [1,3,32,32]": its four sizes. */
function sizesOf(text: string): readonly number[] {
  return /\[([\d,]+)\]$/.exec(text)?.[1]?.split(',').map(Number) ?? [];
}

/** Whether the runtime that wrote the trace rewrote the graph as this one does. */
function hasEveryKernel(rewritten: Model, runs: readonly TracedRun[]): boolean {
  const names = new Set([...walkNodes(rewritten)].map(({ node }) => node.name));
  return runs.every(({ kernels }) => kernels.every(({ name }) => names.has(name)));
}

function providerOf(kernels: ProfileResult['kernels']): string {
  const counts = new Map<string, number>();
  for (const { provider } of kernels) counts.set(provider, (counts.get(provider) ?? 0) + 1);
  const others = [...counts].filter(([name]) => !name.startsWith('CPU')).sort((a, b) => b[1] - a[1]);
  return (others[0]?.[0] ?? 'CPUExecutionProvider').replace('ExecutionProvider', '').toLowerCase();
}

/** The main thread, and those that the pool of the first kernel tells of. */
function threadsOf(events: readonly TraceEvent[]): number {
  for (const { args } of events) {
    const stats = args['thread_scheduling_stats'] as { readonly sub_threads?: object } | undefined;
    if (typeof stats === 'object' && stats !== null) return 1 + Object.keys(stats.sub_threads ?? {}).length;
  }
  return 1;
}
