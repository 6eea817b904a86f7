/**
 * What rewrites models, on every case of ONNX's backend node suite that the runtime runs and whose reference outputs it gives
 * (`ONNX_NODE_SUITE=folder`, see CONTRIBUTING.md): written and read back, folded with all inputs made constant, called as a function and
 * inlined, cleaned, written in newer opsets, prepared for training, written out in other operators. The outputs stay: integers,
 * truth values and texts exactly, floats within 1e-5 of the largest.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StudioError } from '../../main/base/errors.ts';
import { prepareTraining } from '../../main/engine/autograd/prepare.ts';
import type { FunctionDef, Model, Node, ValueInfo } from '../../main/engine/graph/ir.ts';
import { makeNode, makeTensor } from '../../main/engine/graph/make.ts';
import { encodeModel, encodeModelBytes } from '../../main/engine/onnx/encode-model.ts';
import { parseModel } from '../../main/engine/onnx/parse.ts';
import { removeDeadCode } from '../../main/engine/passes/dead-code.ts';
import { expandOperators } from '../../main/engine/passes/expand-operators.ts';
import { foldBatchNormalization } from '../../main/engine/passes/fold-batchnorm.ts';
import { foldConstants } from '../../main/engine/passes/fold-constants.ts';
import { inlineFunctions } from '../../main/engine/passes/inline-functions.ts';
import { nameNodes } from '../../main/engine/passes/name-nodes.ts';
import { removeNoOps } from '../../main/engine/passes/no-ops.ts';
import type { PassContext } from '../../main/engine/passes/pass.ts';
import {
  BLOCKED_OPSET,
  knowledgeOf,
  raiseOpset,
  upgradeOpset,
  upgradeTo,
} from '../../main/engine/passes/upgrade-opset.ts';
import { hostTensorOf } from '../../main/engine/runtime/host-data.ts';
import { lendRunner } from '../../main/engine/runtime/runner-pool.ts';
import { startRunner, type Runner } from '../../main/engine/runtime/runner.ts';
import { decodeElements } from '../../main/engine/tensor/decode.ts';
import { elementCount, type HostTensor, type HostTensors } from '../../main/engine/tensor/host-tensor.ts';
import { readNodeSuite, type SuiteCase } from '../support/node-suite.ts';

const folder = process.env['ONNX_NODE_SUITE'];
const unchecked = folder === undefined ? ' (not checked here: ONNX_NODE_SUITE names no folder)' : '';

let runner: Runner;
const signal = new AbortController().signal;

interface Rewritten {
  readonly model: Model;
  readonly feeds: HostTensors;
  /** Names of the outputs, where they are others. */
  readonly outputs?: readonly string[];
}

interface Given {
  readonly suiteCase: SuiteCase;
  /** Every node named. */
  readonly named: Model;
  readonly feeds: HostTensors;
}

/** By name; undefined: there is nothing to do for that case. */
const REWRITES: Readonly<
  Record<string, (given: Given, context: PassContext) => Rewritten | undefined | Promise<Rewritten | undefined>>
> = {
  'written and read back': ({ suiteCase: { model }, feeds }) => {
    const bytes = encodeModelBytes(model);
    const read = parseModel(bytes, '/');
    if (Buffer.compare(bytes, encodeModelBytes(read)) !== 0) throw new Error('it is written otherwise when read back');
    return { model: read, feeds };
  },
  'folded with all inputs constant': async ({ suiteCase, named }, context) => {
    const model = seen(constant(suiteCase, named, () => true));
    // What the runtime makes of constants is its own affair: shapes that it checks only then, say.
    if (
      await run(model, {}).then(
        () => false,
        () => true,
      )
    )
      return undefined;
    const outputs = model.graph.outputs.map(({ name }) => name);
    return { model: (await foldConstants(model, context)).model, feeds: {}, outputs };
  },
  'called as a function and inlined': ({ suiteCase: { model }, feeds }) => {
    const inlined = inlineFunctions(nameNodes(asFunction(model)).model).model;
    if (inlined.functions.length > 0) throw new Error('a function is left');
    return { model: inlined, feeds };
  },
  'named, without what has no effect': ({ named, feeds }) => ({
    model: removeNoOps(removeDeadCode(named).model).model,
    feeds,
  }),
  'written in opset 13 or 16': ({ named, feeds }) => {
    const model = raiseOpset(upgradeOpset(named, knowledgeOf(named)));
    return model === named ? undefined : { model, feeds };
  },
  'written in opset 21': ({ named, feeds }) => {
    const model = upgradeTo(named, knowledgeOf(named), { to: BLOCKED_OPSET, sources: new Map() });
    return model === named ? undefined : { model, feeds };
  },
  'with BatchNormalization folded into a Conv before it': ({ suiteCase, named, feeds }) => {
    const [data] = suiteCase.model.graph.inputs;
    const channels = data === undefined ? undefined : feeds[data.name]?.dims[1];
    if (data === undefined || channels === undefined) return undefined;
    const model = constant(suiteCase, named, (name) => name !== data.name);
    const { nodes } = model.graph;
    if (nodes.length !== 1 || nodes[0]!.opType !== 'BatchNormalization') return undefined;
    const before = withIdentityConv(model, data.name, [
      channels,
      channels,
      ...feeds[data.name]!.dims.slice(2).map(() => 1),
    ]);
    return { model: foldBatchNormalization(before).model, feeds: only(feeds, before) };
  },
  'prepared for training': async ({ suiteCase: { model }, feeds }, context) => ({
    model: (await prepareTraining(model, context)).model,
    feeds,
  }),
  'written out in other operators': ({ suiteCase, named, feeds }) => {
    const integers = constant(suiteCase, named, (name) => !/float/.test(feeds[name]!.dtype));
    const model = raiseOpset(upgradeOpset(integers, knowledgeOf(integers)));
    const { model: expanded, sources } = expandOperators(model);
    return sources.size === 0 ? undefined : { model: expanded, feeds: only(feeds, expanded) };
  },
};

/** A convolution before the first node that gives what it gets; dims of its weights: [C, C, 1, …]. */
function withIdentityConv(model: Model, data: string, dims: readonly number[]): Model {
  const channels = dims[0]!;
  const eye = Float32Array.from({ length: channels ** 2 }, (_, at) => (at % (channels + 1) === 0 ? 1 : 0));
  const [node, ...rest] = model.graph.nodes;
  const conv = makeNode('Conv', [data, 'eye'], ['convolved'], { name: 'conv' });
  const nodes = [conv, { ...node!, inputs: ['convolved', ...node!.inputs.slice(1)] }, ...rest];
  const initializers = [...model.graph.initializers, makeTensor('eye', 'float32', dims, eye)];
  return { ...model, graph: { ...model.graph, nodes, initializers } };
}

function only(feeds: HostTensors, { graph }: Model): HostTensors {
  return Object.fromEntries(graph.inputs.map(({ name }) => [name, feeds[name]!]));
}

/** Inputs as initializers. */
function constant({ model, inputs }: SuiteCase, named: Model, which: (input: string) => boolean): Model {
  const stored = model.graph.inputs.flatMap(({ name }, at) => (which(name) ? [{ ...inputs[at]!, name }] : []));
  return {
    ...named,
    graph: {
      ...named.graph,
      inputs: named.graph.inputs.filter(({ name }) => !which(name)),
      initializers: [...named.graph.initializers, ...stored],
    },
  };
}

/** Outputs behind a node of their own: what an output holds is not folded. */
function seen(model: Model): Model {
  const outputs = model.graph.outputs.map(({ name }) => ({ ...untyped(`${name}:seen`), from: name }));
  const nodes = outputs.map(({ name, from }): Node => makeNode('Identity', [from], [name], { name }));
  return {
    ...model,
    graph: {
      ...model.graph,
      nodes: [...model.graph.nodes, ...nodes],
      outputs: outputs.map(({ name }) => untyped(name)),
    },
  };
}

function untyped(name: string): ValueInfo {
  return { name, type: undefined, docString: '', metadata: [], unknown: [] };
}

function asFunction(model: Model): Model {
  const [inputs, outputs] = [model.graph.inputs, model.graph.outputs].map((infos) => infos.map(({ name }) => name));
  const definition: FunctionDef = {
    name: 'Whole',
    domain: 'local',
    overload: '',
    inputs: inputs!,
    outputs: outputs!,
    attributeNames: [],
    attributeDefaults: [],
    nodes: model.graph.nodes,
    opsetImports: model.opsetImports,
    valueInfos: [],
    docString: '',
    metadata: [],
    unknown: [],
  };
  return {
    ...model,
    functions: [definition],
    opsetImports: [...model.opsetImports, { domain: 'local', version: 1, unknown: [] }],
    graph: { ...model.graph, nodes: [makeNode('Whole', inputs!, outputs!, { domain: 'local' })] },
  };
}

async function run(model: Model, feeds: HostTensors): Promise<HostTensors> {
  if (!runner.alive) runner = await startRunner();
  const settings = { provider: 'cpu', threads: 1, optimization: 'basic' } as const;
  const session = await runner.load({ bytes: encodeModel(model) }, settings, { signal });
  try {
    return await session.run(feeds, { signal });
  } finally {
    if (runner.alive) await session.close();
  }
}

/** How an output differs; undefined: it does not. Floats of few bits may differ by a step of theirs. */
function difference(expected: HostTensor, got: HostTensor | undefined, tolerance: number): string | undefined {
  if (got?.dtype !== expected.dtype || String(got.dims) !== String(expected.dims)) {
    return `${got?.dtype} [${got?.dims}] in place of ${expected.dtype} [${expected.dims}]`;
  }
  const [a, b] = [elementsOf(expected), elementsOf(got)];
  const steps: Readonly<Record<string, number>> = { float16: 2 ** -9, bfloat16: 2 ** -7 };
  const finite = a.map((value) => Math.abs(Number(value))).filter(Number.isFinite);
  const scale = /float/.test(expected.dtype) ? finite.reduce((most, value) => Math.max(most, value), 1e-2) : 0;
  const allowed = Math.max(tolerance, steps[expected.dtype] ?? 0) * scale;
  const at = a.findIndex(
    (value, place) => !Object.is(value, b[place]) && !(Math.abs(Number(value) - Number(b[place])) <= allowed),
  );
  return at < 0 ? undefined : `element ${at} is ${b[at]} in place of ${a[at]}`;
}

function elementsOf({ dtype, dims, data }: HostTensor): readonly unknown[] {
  if (!ArrayBuffer.isView(data)) return data as readonly string[];
  return Array.from<unknown>(
    decodeElements(dtype, new Uint8Array(data.buffer, data.byteOffset, data.byteLength), elementCount(dims)),
  );
}

/** What the runtime gives for a case; undefined where it refuses it, or gives something else than the reference. */
async function referenceOf({
  model,
  inputs,
  outputs,
}: SuiteCase): Promise<{ feeds: HostTensors; expected: HostTensors } | undefined> {
  if ([...inputs, ...outputs].includes(null)) return undefined;
  try {
    const feeds = Object.fromEntries(model.graph.inputs.map(({ name }, at) => [name, hostTensorOf(inputs[at]!)]));
    const expected = await run(model, feeds);
    const agrees = model.graph.outputs.every(
      ({ name }, at) => difference(hostTensorOf(outputs[at]!), expected[name], 1e-3) === undefined,
    );
    return agrees ? { feeds, expected } : undefined;
  } catch (error) {
    if (error instanceof StudioError) return undefined;
    throw error;
  }
}

describe.skipIf(folder === undefined)(`ONNX's node cases${unchecked}`, () => {
  const failed: Readonly<Record<string, string[]>> = Object.fromEntries(
    Object.keys(REWRITES).map((name) => [name, []]),
  );
  const held = new Map<string, number>();
  let reproduced = 0;

  beforeAll(async () => {
    runner = await startRunner();
    for (const suiteCase of readNodeSuite(folder!)) {
      const reference = await referenceOf(suiteCase);
      if (reference === undefined) continue;
      reproduced++;
      const given = { suiteCase, named: nameNodes(suiteCase.model).model, feeds: reference.feeds };
      for (const [name, rewrite] of Object.entries(REWRITES)) {
        try {
          const rewritten = await rewrite(given, { runners: lendRunner(runner), signal });
          if (rewritten === undefined) continue;
          const got = await run(rewritten.model, rewritten.feeds);
          const wrong = Object.entries(reference.expected).flatMap(([output, expected], at) => {
            const found = difference(expected, got[rewritten.outputs?.[at] ?? output], 1e-5);
            return found === undefined ? [] : [`${suiteCase.name}: ${output} ${found}`];
          });
          failed[name]!.push(...wrong);
          if (wrong.length === 0) held.set(name, (held.get(name) ?? 0) + 1);
        } catch (error) {
          // Said before anything is written: an opset that is too old, an operator that is gone.
          if (error instanceof StudioError && error.code === 'UNSUPPORTED') continue;
          failed[name]!.push(`${suiteCase.name}: ${String(error)}`);
        }
      }
    }
  }, 600_000);
  afterAll(() => runner.kill());

  it('are run by the runtime for the most part', ({ annotate }) => {
    void annotate(JSON.stringify({ reproduced, held: Object.fromEntries(held) }));
    expect(reproduced).toBeGreaterThan(1400);
  });

  it.each(Object.keys(REWRITES))('give the same: %s', (name) => {
    expect(failed[name]).toEqual([]);
    expect(held.get(name) ?? 0).toBeGreaterThan(0);
  });
});
