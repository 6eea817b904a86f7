/**
 * Gradients of single operators at the inputs of ONNX's backend node suite (`ONNX_NODE_SUITE=folder`, see CONTRIBUTING.md), against
 * finite differences: in float64 where the runtime has the kernels in that type, else in float32; where they do not agree, at
 * inputs moved a little, since many of the suite's lie on a kink.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StudioError } from '../../main/base/errors.ts';
import type { Model, Node } from '../../main/engine/graph/ir.ts';
import { makeValueInfo } from '../../main/engine/graph/make.ts';
import { tensorValues } from '../../main/engine/graph/tensor-data.ts';
import { operatorSpec } from '../../main/engine/operators/table.ts';
import { nameNodes } from '../../main/engine/passes/name-nodes.ts';
import { knowledgeOf, raiseOpset, upgradeOpset } from '../../main/engine/passes/upgrade-opset.ts';
import { startRunner, type Runner } from '../../main/engine/runtime/runner.ts';
import type { HostTensor } from '../../main/engine/tensor/host-tensor.ts';
import { checkModel } from '../support/gradient-check.ts';
import { readNodeSuite, type SuiteCase } from '../support/node-suite.ts';

const folder = process.env['ONNX_NODE_SUITE'];
const unchecked = folder === undefined ? ' (not checked here: ONNX_NODE_SUITE names no folder)' : '';

/** Cases that finite differences cannot tell of. */
const UNTOLD: readonly RegExp[] = [
  // Drawn anew at each run.
  /^test_training_dropout/,
  // An input at the end of where the operator is defined.
  /^test_acosh_example$/,
];

/** How a case is tried, until rule and difference agree. */
const TRIES = [
  { type: 'float64', moved: 0, step: 1e-5 },
  { type: 'float64', moved: 0.02, step: 1e-5 },
  { type: 'float32', moved: 0, step: 1e-2 },
  { type: 'float32', moved: 0.02, step: 1e-2 },
  { type: 'float32', moved: 0.02, step: 1e-3 },
  { type: 'float32', moved: 0, step: 1e-3 },
] as const;

interface Asked {
  readonly model: Model;
  readonly feeds: Readonly<Record<string, HostTensor>>;
  readonly by: readonly string[];
}

/** The case with float inputs of that type, moved by up to so much; everything else constant. */
function asked({ model, inputs }: SuiteCase, node: Node, { type, moved }: (typeof TRIES)[number]): Asked | undefined {
  const feeds: Record<string, HostTensor> = {};
  const settings = new Set(operatorSpec(node.domain, node.opType)?.settingInputs.map((at) => node.inputs[at]));
  for (const [at, { name }] of model.graph.inputs.entries()) {
    const { dtype, dims } = inputs[at]!;
    if (!/^(float(16|32|64)|bfloat16)$/.test(dtype)) continue;
    const values = Array.from<number | bigint, number>(tensorValues(inputs[at]!), Number);
    if (!values.every(Number.isFinite)) return undefined;
    const off = (place: number): number =>
      moved * (0.3 + 0.7 * Math.abs(Math.sin(1 + place * 13 + at * 78))) * (place % 2 === 0 ? 1 : -1);
    const placed = values.map((value, place) => value + off(place));
    feeds[name] = {
      dtype: type,
      dims,
      data: type === 'float64' ? Float64Array.from(placed) : Float32Array.from(placed),
    };
  }
  const by = Object.keys(feeds).filter((name) => !settings.has(name) && !isPlain(node, node.inputs.indexOf(name)));
  if (by.length === 0) return undefined;
  const stored = model.graph.inputs.flatMap(({ name }, at) => (name in feeds ? [] : [{ ...inputs[at]!, name }]));
  const outputs = node.outputs.map((name) => (name === '' ? '' : `out:${name}`));
  const graph = {
    ...model.graph,
    nodes: [{ ...node, outputs }],
    inputs: Object.entries(feeds).map(([name, { dtype, dims }]) => makeValueInfo(name, dtype, dims)),
    initializers: stored,
    outputs: model.graph.outputs.map((info) => ({ ...info, name: `out:${info.name}`, type: undefined })),
  };
  const { model: named } = nameNodes({ ...model, graph });
  return { model: raiseOpset(upgradeOpset(named, knowledgeOf(named))), feeds, by };
}

/** A type, or weights of classes: nobody derives by them. */
function isPlain({ opType }: Node, input: number): boolean {
  return (opType === 'CastLike' && input === 1) || (opType.endsWith('Loss') && input === 2);
}

describe.skipIf(folder === undefined)(`gradients of ONNX's node cases${unchecked}`, () => {
  const differ: string[] = [];
  const count = { float64: 0, float32: 0, moved: 0, noRule: 0, refusedByRuntime: 0 };
  let runner: Runner;

  /** Whether rule and difference agree in one of the tries; undefined where there is none to compare. */
  async function agrees(suiteCase: SuiteCase, node: Node): Promise<string | undefined> {
    let worst = 'the runtime refuses it';
    for (const attempt of TRIES) {
      const question = asked(suiteCase, node, attempt);
      if (question === undefined) return undefined;
      if (!runner.alive) runner = await startRunner();
      try {
        const { feeds, by, model } = question;
        const { error, tolerance } = await checkModel(runner, model, { feeds, by, seed: 3, step: attempt.step });
        if (error < tolerance) {
          count[attempt.type]++;
          if (attempt.moved > 0) count.moved++;
          return undefined;
        }
        worst = `${suiteCase.name}: ${error} in ${attempt.type}`;
      } catch (error) {
        if (!(error instanceof StudioError)) throw error;
        if (error.code === 'TRAIN_NO_GRADIENT') {
          count.noRule++;
          return undefined;
        }
        if (!error.code.startsWith('RUNTIME')) throw error;
      }
    }
    if (worst.startsWith('test_')) return worst;
    count.refusedByRuntime++;
    return undefined;
  }

  beforeAll(async () => {
    runner = await startRunner();
    for (const suiteCase of readNodeSuite(folder!)) {
      const { name, model, inputs, outputs } = suiteCase;
      const [node, ...others] = model.graph.nodes;
      if (node === undefined || others.length > 0 || [...inputs, ...outputs].includes(null)) continue;
      if (name.includes('_expanded') || UNTOLD.some((pattern) => pattern.test(name))) continue;
      const spec = operatorSpec(node.domain, node.opType);
      if (typeof spec?.gradient !== 'function' && spec?.expansion === undefined) continue;
      const found = await agrees(suiteCase, node);
      if (found !== undefined) differ.push(found);
    }
  }, 900_000);
  afterAll(() => runner.kill());

  it('agree with finite differences', ({ annotate }) => {
    void annotate(JSON.stringify(count));
    expect(differ).toEqual([]);
    expect(count.float64).toBeGreaterThan(400);
  });
});
