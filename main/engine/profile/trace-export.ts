import type { TraceEvent } from './trace.ts';

/** Rows of the exported trace that the runtime's own does not have. */
const LAYER_PID = 1;
const GPU_PID = 2;

type ExportedEvent = Omit<TraceEvent, 'ph'> & { readonly ph: string };

/**
 * Makes the trace readable in Perfetto and chrome://tracing: the runtime's events as they are, names for processes and
 * threads, the GPU's shaders in a process of their own (the runtime gives them the number −1, which Perfetto refuses), and
 * a further track with the source layer of each kernel.
 * @param layerOf main source layer of a kernel, by the kernel's name
 * @returns JSON text in Chrome's trace format
 */
export function exportTrace(events: readonly TraceEvent[], layerOf: (kernel: string) => string | undefined): string {
  const exported: ExportedEvent[] = [];
  const runtimePids = new Set<number>();
  for (const event of events) {
    if (event.cat === 'Api') {
      exported.push({ ...event, pid: GPU_PID, tid: 1 });
      continue;
    }
    runtimePids.add(event.pid);
    exported.push(event);
    const kernel = event.cat === 'Node' ? event.name.replace(/_kernel_time$/, '') : undefined;
    const layer = kernel === undefined ? undefined : layerOf(kernel);
    if (layer !== undefined) {
      exported.push({ ...event, cat: 'Layer', name: layer, pid: LAYER_PID, tid: 1, args: { kernel } });
    }
  }
  const names = [
    ...[...runtimePids].map((pid) => nameEvent('process_name', pid, 'ONNX Runtime')),
    nameEvent('process_name', LAYER_PID, 'Lapidary'),
    nameEvent('thread_name', LAYER_PID, 'Source layers'),
    ...(events.some((event) => event.cat === 'Api')
      ? [nameEvent('process_name', GPU_PID, 'GPU'), nameEvent('thread_name', GPU_PID, 'Shaders')]
      : []),
  ];
  return JSON.stringify({ displayTimeUnit: 'ms', traceEvents: [...names, ...exported] });
}

function nameEvent(name: string, pid: number, value: string): ExportedEvent {
  return { cat: '__metadata', name, ph: 'M', pid, tid: 1, ts: 0, dur: 0, args: { name: value } };
}
