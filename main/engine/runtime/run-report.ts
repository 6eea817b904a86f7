import { StudioError } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { RunFailure, RunReport } from '../../contract/run-report.ts';
import { usedValues } from '../graph/index-graph.ts';
import type { Model, Node } from '../graph/ir.ts';
import { makeValueInfo } from '../graph/make.ts';
import { walkNodes } from '../graph/walk.ts';
import { inferModel } from '../operators/infer.ts';
import type { Inference } from '../operators/inference.ts';
import { topologicalOrder } from '../operators/order.ts';
import { probeShapes } from '../operators/shape-probes.ts';
import type { DType } from '../tensor/dtype.ts';
import { elementCount, type HostTensor, type HostTensors } from '../tensor/host-tensor.ts';
import { plainNumbers } from '../operators/constant.ts';
import { explainFailure, type NodeInput } from './explain-failure.ts';
import type { RunnerSource } from './runner-pool.ts';
import { sourceOfModel } from './model-source.ts';

const SETTINGS = { provider: 'cpu', threads: null, optimization: 'disabled' } as const;
/** Integers up to this many are told. */
const TOLD_INTEGERS = 64;
/** Refused at the run, at loading, or the process died of it. */
const FAILURES: readonly string[] = ['RUNTIME_RUN_FAILED', 'RUNTIME_LOAD_FAILED', 'RUNTIME_DIED'];

/** What is run. */
export interface ReportedRun {
  readonly model: Model;
  readonly feeds: HostTensors;
  readonly runners: RunnerSource;
}

/**
 * Runs a model once as it is written, without optimisation, and tells the dimensions of every value. Where the run does not go
 * through: the first layer that fails, found by the name that the runtime tells or else by halves, what came to it and why it
 * cannot run on that.
 * @throws RUNTIME_LOAD_FAILED where the model is refused and no layer is the reason; SHAPE_MISMATCH for feeds that do not fit the
 *   inputs; CANCELLED
 */
export async function reportRun(run: ReportedRun, context: TaskContext): Promise<Omit<RunReport, 'on'>> {
  const { model, feeds } = run;
  const order = topologicalOrder(model.graph.nodes);
  const inference = inferModel(model);
  const layers = new Map([...walkNodes(model)].map(({ node, layer }) => [node, layer]));
  const probed = await shapesIfRuns(run, order, inference, context);
  const error = probed === null ? await attempt(run, order, context) : null;
  const failing = error === null ? order.length : await firstFailing(run, { order, error }, context);
  // Refused as a whole, for its operator sets say: with the first node too, which has nothing wrong about it.
  const whole = error?.code === 'RUNTIME_LOAD_FAILED' && failing === 0 && namedNode(order, error) < 0;
  if (whole && !inference.problems.some(({ code }) => code === 'OPERANDS_INVALID')) throw error;
  const done = order.slice(0, failing);
  const shapes = probed ?? (await shapesOf(run, done, inference, context));
  const values = done.flatMap((node) =>
    node.outputs.flatMap((name) => {
      if (name === '') return [];
      const dtype = inference.values.get(name)?.dtype ?? null;
      return [{ name, dtype, shape: shapes.get(name) ?? null, layer: layers.get(node) ?? node.name, op: node.opType }];
    }),
  );
  const node = order[failing];
  return {
    inputs: Object.entries(feeds).map(([name, { dtype, dims }]) => ({ name, dtype, shape: [...dims] })),
    layers: order.length,
    values,
    failure:
      node === undefined || error === null
        ? null
        : await failureAt(run, { node, layer: layers.get(node) ?? node.name, done, inference, shapes, error }, context),
  };
}

/** Runs the first nodes only. @returns why they do not run; null: they do */
async function attempt(run: ReportedRun, nodes: readonly Node[], { signal }: TaskContext): Promise<StudioError | null> {
  try {
    await run.runners.use(
      async (runner) => {
        const source = sourceOfModel(beginning(run.model, nodes));
        const session = await runner.load(source, SETTINGS, { signal });
        try {
          const tensors = session.outputs.filter(({ dtype }) => dtype !== null).slice(0, 1);
          session.checkFeeds(run.feeds);
          await session.run(run.feeds, { outputs: tensors.map(({ name }) => name), signal });
        } finally {
          if (runner.alive) await session.close();
        }
      },
      { signal },
    );
    return null;
  } catch (error) {
    if (error instanceof StudioError && FAILURES.includes(error.code)) return error;
    throw error;
  }
}

/** The model of these nodes alone, with what none of them takes as outputs. */
function beginning(model: Model, nodes: readonly Node[]): Model {
  const { graph } = model;
  if (nodes.length === graph.nodes.length) return model;
  const taken = new Set(nodes.flatMap(usedValues));
  const ends = nodes.flatMap(({ outputs }) => outputs.filter((name) => name !== '' && !taken.has(name)));
  const outputs = ends.map((name) => ({ ...makeValueInfo(name, undefined, undefined), type: undefined }));
  return { ...model, graph: { ...graph, nodes, outputs } };
}

/** Place in the order of the first node with which the run fails. */
async function firstFailing(
  run: ReportedRun,
  { order, error }: { readonly order: readonly Node[]; readonly error: StudioError },
  context: TaskContext,
): Promise<number> {
  let runs = 0;
  let fails = order.length;
  const runsUpTo = async (count: number): Promise<boolean> =>
    count === 0 || (await attempt(run, order.slice(0, count), context)) === null;
  const named = namedNode(order, error);
  if (named >= 0) {
    if (!(await runsUpTo(named + 1))) fails = named + 1;
    else runs = named + 1;
    if (fails === named + 1 && (await runsUpTo(named))) return named;
  }
  const steps = Math.ceil(Math.log2(Math.max(2, fails - runs)));
  for (let step = 0; fails - runs > 1; step++) {
    context.progress({ stage: 'Looking for the layer that fails', done: step, total: steps });
    const middle = Math.floor((runs + fails) / 2);
    if (await runsUpTo(middle)) runs = middle;
    else fails = middle;
  }
  return fails - 1;
}

/** The node that the runtime's words name; −1: none, or one of several. */
function namedNode(order: readonly Node[], { message }: StudioError): number {
  const name = /Name:'([^']+)'|Node \(([^)]+)\)|in node \(([^)]+)\)/u.exec(message)?.slice(1).find(Boolean);
  if (name === undefined) return -1;
  const at = order.findIndex((node) => node.name === name);
  return order.findLastIndex((node) => node.name === name) === at ? at : -1;
}

/** What {@link shapesOf} gives, of a run that goes through: large models load for seconds, and this loads once. Null: it does not. */
async function shapesIfRuns(
  run: ReportedRun,
  nodes: readonly Node[],
  inference: Inference,
  context: TaskContext,
): Promise<ReadonlyMap<string, number[]> | null> {
  try {
    const shapes = await shapesOf(run, nodes, inference, context);
    return shapes.size === 0 ? null : shapes;
  } catch (error) {
    if (error instanceof StudioError && FAILURES.includes(error.code)) return null;
    throw error;
  }
}

/** Dimensions of everything that these nodes make, as far as it is tensors. */
async function shapesOf(
  run: ReportedRun,
  nodes: readonly Node[],
  inference: Inference,
  { signal }: TaskContext,
): Promise<ReadonlyMap<string, number[]>> {
  const names = nodes.flatMap(({ outputs }) =>
    outputs.filter((name) => inference.values.get(name)?.dtype !== undefined),
  );
  if (names.length === 0) return new Map();
  const { model, outputs } = probeShapes(beginning(run.model, nodes), names);
  const found = await readValues(run, model, [...outputs.values()], signal);
  return new Map([...outputs].map(([name, output]) => [name, plainNumbers(found[output]!.data as BigInt64Array)]));
}

function readValues(
  { feeds, runners }: ReportedRun,
  model: Model,
  outputs: readonly string[],
  signal: AbortSignal,
): Promise<HostTensors> {
  return runners.use(
    async (runner) => {
      const session = await runner.load(sourceOfModel(model), SETTINGS, { signal });
      try {
        return await session.run(feeds, { outputs, signal });
      } finally {
        if (runner.alive) await session.close();
      }
    },
    { signal },
  );
}

interface FailedNode {
  readonly node: Node;
  readonly layer: string;
  /** Nodes before it. */
  readonly done: readonly Node[];
  readonly inference: Inference;
  readonly shapes: ReadonlyMap<string, number[]>;
  readonly error: StudioError;
}

async function failureAt(run: ReportedRun, failed: FailedNode, context: TaskContext): Promise<RunFailure> {
  const { node, layer, inference, shapes, error } = failed;
  const stored = new Map(run.model.graph.initializers.map((tensor) => [tensor.name, tensor]));
  const given = [...new Set(usedValues(node))].map((name) => {
    const feed = run.feeds[name];
    const tensor = stored.get(name);
    const dtype: DType | null = feed?.dtype ?? tensor?.dtype ?? inference.values.get(name)?.dtype ?? null;
    return { name, dtype, shape: feed?.dims ?? tensor?.dims ?? shapes.get(name) ?? null };
  });
  const few = given.filter(
    ({ dtype, shape }) => isInteger(dtype) && shape !== null && elementCount(shape) <= TOLD_INTEGERS,
  );
  const computed = few.filter(({ name }) => shapes.has(name)).map(({ name }) => name);
  const found = computed.length === 0 ? {} : await valuesOf(run, failed.done, computed, context);
  const inputs = given.map((input): NodeInput => {
    const isFew = few.some(({ name }) => name === input.name);
    return { ...input, value: isFew ? (run.feeds[input.name] ?? found[input.name] ?? null) : null };
  });
  return {
    layer,
    op: node.opType,
    ...explainFailure(run.model, node, inputs, error.message),
    runtime: error.message,
    inputs: inputs.map(({ name, dtype, shape, value }) => ({
      name,
      dtype,
      shape: shape === null ? null : [...shape],
      values: value === null ? null : plainNumbers(value.data as Iterable<number | bigint>),
    })),
  };
}

function valuesOf(
  run: ReportedRun,
  nodes: readonly Node[],
  names: readonly string[],
  { signal }: TaskContext,
): Promise<Readonly<Record<string, HostTensor>>> {
  const cut = beginning(run.model, nodes);
  const outputs = names.map((name) => ({ ...makeValueInfo(name, undefined, undefined), type: undefined }));
  return readValues(run, { ...cut, graph: { ...cut.graph, outputs } }, names, signal);
}

function isInteger(dtype: DType | null): boolean {
  return dtype !== null && /^u?int(?:8|16|32|64)$/u.test(dtype);
}
