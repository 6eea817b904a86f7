import { describe, expect, it } from 'vitest';
import { exclusiveDurations, sumKernels, undisturbedRuns } from '../../../../main/engine/profile/kernels.ts';
import { parseTrace, tracedRuns, type TraceEvent } from '../../../../main/engine/profile/trace.ts';
import { exportTrace } from '../../../../main/engine/profile/trace-export.ts';

const event = (cat: string, name: string, ts: number, dur: number, args: Record<string, unknown> = {}): TraceEvent => ({
  cat,
  name,
  ph: 'X',
  pid: cat === 'Api' ? -1 : 50,
  tid: cat === 'Api' ? -1 : 50,
  ts,
  dur,
  args,
});
const run = (ts: number, dur: number): TraceEvent => event('Session', 'model_run', ts, dur);
const kernel = (name: string, ts: number, dur: number, op = 'Conv', provider = 'CPUExecutionProvider'): TraceEvent =>
  event('Node', `${name}_kernel_time`, ts, dur, { op_name: op, provider });

describe('parseTrace', () => {
  it('closes an array that was cut off behind an event', () => {
    const text = `[${JSON.stringify(run(1, 2))},\n`;
    expect(parseTrace(text)).toEqual([run(1, 2)]);
  });

  it('reads shapes and sizes of a kernel', () => {
    const args = {
      op_name: 'Conv',
      provider: 'CPUExecutionProvider',
      input_type_shape: [{ float: [1, 3, 8, 8] }, { float: [4] }],
      output_type_shape: [{ float: [1, 4, 8, 8] }],
      activation_size: '768',
      output_size: '1024',
      parameter_size: '448',
    };
    const [first] = tracedRuns([run(0, 100), event('Node', 'c_kernel_time', 10, 20, args)]);
    expect(first!.kernels[0]).toEqual({
      name: 'c',
      op: 'Conv',
      provider: 'CPUExecutionProvider',
      startUs: 10,
      durationUs: 20,
      inputShapes: ['float [1,3,8,8]', 'float [4]'],
      outputShapes: ['float [1,4,8,8]'],
      activationBytes: 1792,
      parameterBytes: 448,
      memory: undefined,
    });
  });
});

it('gives each event to the run that began before it', () => {
  const runs = tracedRuns([kernel('a', 5, 1), kernel('a', 105, 1), run(100, 50), run(0, 50), kernel('a', 160, 1)]);
  expect(runs.map((each) => each.kernels.length)).toEqual([1, 2]);
});

describe('sumKernels', () => {
  it('takes means over the runs and leaves the rest unattributed', () => {
    const runs = tracedRuns([
      run(0, 100),
      kernel('a', 10, 40),
      kernel('b', 60, 20),
      run(200, 140),
      kernel('a', 210, 60),
      kernel('b', 280, 40),
    ]);
    const table = sumKernels(runs);
    expect(table.kernels.map(({ name, timeMs, startMs }) => ({ name, timeMs, startMs }))).toEqual([
      { name: 'a', timeMs: 0.05, startMs: 0.01 },
      { name: 'b', timeMs: 0.03, startMs: 0.07 },
    ]);
    expect(table.unattributedMs).toBeCloseTo(0.04); // (100 + 140) / 2 − 50 − 30 µs
  });

  it('adds up the turns of a loop and keeps its own time apart', () => {
    const events = [run(0, 200), kernel('loop', 10, 100, 'Loop'), kernel('body', 20, 30), kernel('body', 60, 40)];
    const { kernels } = sumKernels(tracedRuns(events));
    expect(kernels.map(({ name, timeMs }) => [name, timeMs])).toEqual([
      ['loop', 0.03],
      ['body', 0.07],
    ]);
  });

  it('takes the times of the GPU, not those of its dispatch, and those of the CPU for what ran there', () => {
    const gpu = 'WebGpuExecutionProvider';
    const events = [
      run(0, 1000),
      kernel('a&b', 10, 5, 'Conv', gpu),
      kernel('c', 20, 30),
      event('Api', 'a&b&Conv&Conv2dMM', 100, 400),
      event('Api', 'a&b&Conv&Transpose', 500, 100),
    ];
    const table = sumKernels(tracedRuns(events));
    expect(table.gpuTimed).toBe(true);
    expect(table.kernels.map(({ name, timeMs, startMs }) => ({ name, timeMs, startMs }))).toEqual([
      { name: 'c', timeMs: 0.03, startMs: 0.02 },
      { name: 'a&b', timeMs: 0.5, startMs: 0.1 },
    ]);
  });
});

it('leaves out the runs that took over one and a half medians', () => {
  const runs = tracedRuns([run(0, 100), run(200, 150), run(400, 90), run(600, 151), run(800, 100)]);
  expect(undisturbedRuns(runs, (run) => run.durationUs).map((each) => each.durationUs)).toEqual([100, 150, 90, 100]);
});

it('takes away what ran inside, level by level', () => {
  const [traced] = tracedRuns([
    run(0, 1000),
    kernel('inner', 20, 30),
    kernel('outer', 10, 100, 'If'),
    kernel('middle', 10, 80, 'Loop'),
    kernel('after', 200, 50),
  ]);
  expect([...exclusiveDurations(traced!.kernels)]).toEqual([30, 20, 50, 50]);
});

it('exports a trace with names, a track of layers, and the GPU in a process of its own', () => {
  const events = [run(0, 10), kernel('k', 1, 2), event('Api', 'k&Conv&S', 3, 4)];
  const { traceEvents } = JSON.parse(exportTrace(events, (name) => (name === 'k' ? '/conv' : undefined))) as {
    traceEvents: (TraceEvent & { args: { name?: string } })[];
  };
  expect(traceEvents.filter((each) => each.ph === 'M').map((each) => each.args.name)).toEqual([
    'ONNX Runtime',
    'Lapidary',
    'Source layers',
    'GPU',
    'Shaders',
  ]);
  expect(traceEvents).toContainEqual(expect.objectContaining({ cat: 'Layer', name: '/conv', ts: 1, dur: 2 }));
  expect(traceEvents.every((each) => each.pid > 0)).toBe(true);
});
