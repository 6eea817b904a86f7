/** Cases of ONNX's backend node suite: a model, what it is given, and the types and shapes of what it must give. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Model, Tensor } from '../../main/engine/graph/ir.ts';
import { parseModel } from '../../main/engine/onnx/parse.ts';
import { readTensor } from '../../main/engine/onnx/read-tensor.ts';
import { wholeSpan } from '../../main/engine/onnx/wire-reader.ts';
import type { ConstantValue } from '../../main/engine/operators/constant.ts';
import { readConstant } from '../../main/engine/operators/constant.ts';
import { costOfLayers } from '../../main/engine/operators/cost.ts';
import { inferModel } from '../../main/engine/operators/infer.ts';
import type { DType } from '../../main/engine/tensor/dtype.ts';

/** What an output must be; null: no tensor, or nothing is said about it. */
export type ExpectedOutput = { readonly dtype: DType; readonly dims: readonly number[] } | null;

export interface SuiteCase {
  readonly name: string;
  readonly model: Model;
  /** By place; null: no tensor. */
  readonly inputs: readonly (Tensor | null)[];
  readonly outputs: readonly (Tensor | null)[];
}

/** Reads every case of a folder `node` with <case>/{model.onnx, test_data_set_0/{input,output}_N.pb}. */
export function* readNodeSuite(folder: string): Generator<SuiteCase> {
  for (const name of readdirSync(folder).toSorted()) {
    const directory = join(folder, name);
    if (!existsSync(join(directory, 'model.onnx'))) continue;
    const model = parseModel(readFileSync(join(directory, 'model.onnx')), directory);
    const tensors = (which: 'input' | 'output'): (Tensor | null)[] =>
      model.graph[`${which}s`].map(({ type }, at) => {
        const file = join(directory, 'test_data_set_0', `${which}_${at}.pb`);
        return type?.kind === 'tensor' && existsSync(file)
          ? readTensor(wholeSpan(readFileSync(file)), { directory })
          : null;
      });
    yield { name, model, inputs: tensors('input'), outputs: tensors('output') };
  }
}

/** Values of the inputs that inference follows, by name. */
export function givenValues({ model, inputs }: SuiteCase): ReadonlyMap<string, ConstantValue> {
  const values = new Map<string, ConstantValue>();
  model.graph.inputs.forEach(({ name }, at) => {
    const tensor = inputs[at] ?? null;
    const value = tensor === null ? undefined : readConstant(tensor);
    if (value !== undefined) values.set(name, value);
  });
  return values;
}

/** What inference says of a model whose stated shapes are hidden. */
export interface Verdict {
  /** What differs from what must come out, and every problem that inference tells. */
  readonly wrong: readonly string[];
  /** Types and sizes that stay open. */
  readonly open: readonly string[];
  readonly layersWithoutMacs: readonly string[];
  /** Values of outputs that follow, by name. */
  readonly constants: ReadonlyMap<string, ConstantValue>;
}

/** Compares the inferred types and shapes of the outputs with what must come out. */
export function judge(
  model: Model,
  expected: readonly ExpectedOutput[],
  values: ReadonlyMap<string, ConstantValue> = new Map(),
): Verdict {
  const outputs = model.graph.outputs.map((info) => ({ ...info, type: undefined }));
  const hidden: Model = { ...model, graph: { ...model.graph, valueInfos: [], outputs } };
  const inference = inferModel(hidden, { values });
  const wrong = inference.problems.map(({ code, message }) => `${code} ${message}`);
  const open: string[] = [];
  model.graph.outputs.forEach(({ name, type }, at) => {
    const found = inference.values.get(name);
    const must = expected[at] ?? null;
    if (must === null) {
      if (type?.kind !== 'tensor' && found?.shape !== undefined) wrong.push(`${name} is no ${type?.kind}`);
      return;
    }
    if (found?.dtype === undefined) open.push(`${name}: type`);
    else if (found.dtype !== must.dtype) wrong.push(`${name} is ${must.dtype}, not ${found.dtype}`);
    const { shape } = found ?? {};
    if (shape === undefined) open.push(`${name}: rank`);
    else if (
      shape.length !== must.dims.length ||
      shape.some((dim, axis) => typeof dim === 'number' && dim !== must.dims[axis])
    ) {
      wrong.push(`${name} is [${must.dims.join()}], not [${shape.join()}]`);
    } else shape.forEach((dim, axis) => typeof dim !== 'number' && open.push(`${name}[${axis}]`));
  });
  const layersWithoutMacs = costOfLayers(hidden, inference).flatMap(({ layer, macs }) =>
    macs === null ? [layer] : [],
  );
  const constants = new Map(
    model.graph.outputs.flatMap(({ name }) => {
      const constant = inference.values.get(name)?.constant;
      return constant === undefined ? [] : [[name, constant] as const];
    }),
  );
  return { wrong, open, layersWithoutMacs, constants };
}

/** Type and size of each reference output. */
export function expectedOutputs({ outputs }: SuiteCase): readonly ExpectedOutput[] {
  return outputs.map((tensor) => (tensor === null ? null : { dtype: tensor.dtype, dims: tensor.dims }));
}
