/** Models of tens of thousands of nodes, for what must stay quick whatever the size. */
import type { Model } from '../../main/engine/graph/ir.ts';
import { makeNode } from '../../main/engine/graph/make.ts';
import { graph } from './graph-builder.ts';

const WIDTH = 16;
const HEADS = 2;
/** Nodes of one block below. */
const BLOCK = 52;

/**
 * A transformer as exporters write it, with scopes, Constant nodes and shape arithmetic: about as many nodes as asked for, 256
 * weights in each projection, 52 nodes in each block.
 * @param lanes so many chains of blocks beside each other, each with an output of its own
 */
export function largeTransformer(nodes: number, lanes = 1): Model {
  const builder = graph('large').input('x', 'float32', ['batch', 'sequence', WIDTH]);
  const blocks = Math.max(1, Math.round(nodes / BLOCK));
  for (let lane = 0; lane < lanes; lane++) {
    let hidden = 'x';
    for (let block = lane; block < blocks; block += lanes) hidden = addBlock(builder, `/layers.${block}`, hidden);
    builder.output(hidden, 'float32', ['batch', 'sequence', WIDTH]);
  }
  return builder.build({ opset: 17 });
}

type Builder = ReturnType<typeof graph>;

function addBlock(builder: Builder, scope: string, hidden: string): string {
  const node = (op: string, path: string, inputs: readonly string[], attributes = {}): string => {
    const name = `${scope}/${path}`;
    builder.node(op, inputs, attributes, [`${name}_output_0`], { name });
    return `${name}_output_0`;
  };
  const weights = (path: string, dims: readonly number[]): string => {
    const name = `${scope}/${path}`.slice(1).replaceAll('/', '.');
    builder.weights(name, dims);
    return name;
  };
  const ints = (path: string, ...values: readonly bigint[]): string => {
    const name = `${scope}/${path}`;
    builder.add(makeNode('Constant', [], [`${name}_output_0`], { name, attributes: { value_ints: values } }));
    return `${name}_output_0`;
  };
  const float = (path: string, value: number): string => {
    const name = `${scope}/${path}`;
    builder.add(makeNode('Constant', [], [`${name}_output_0`], { name, attributes: { value_float: value } }));
    return `${name}_output_0`;
  };
  const norm = (path: string, value: string): string => {
    const scale = weights(`${path}/weight`, [WIDTH]);
    const bias = weights(`${path}/bias`, [WIDTH]);
    return node('LayerNormalization', `${path}/LayerNormalization`, [value, scale, bias], { axis: -1n });
  };
  const project = (path: string, value: string, to = WIDTH, from = WIDTH): string =>
    node('MatMul', `${path}/MatMul`, [value, weights(`${path}/weight`, [from, to])]);
  const normed = norm('norm1', hidden);
  const heads = (['q', 'k', 'v'] as const).map((part) => {
    const path = `attn/${part}`;
    const projected = project(path, normed);
    const shape = node('Shape', `${path}/Shape`, [projected]);
    const start = ints(`${path}/Constant`, 0n);
    const end = ints(`${path}/Constant_1`, 2n);
    const kept = node('Slice', `${path}/Slice`, [shape, start, end]);
    const rest = ints(`${path}/Constant_2`, BigInt(HEADS), BigInt(WIDTH / HEADS));
    const target = node('Concat', `${path}/Concat`, [kept, rest], { axis: 0n });
    const split = node('Reshape', `${path}/Reshape`, [projected, target]);
    const order = part === 'k' ? [0n, 2n, 3n, 1n] : [0n, 2n, 1n, 3n];
    return node('Transpose', `${path}/Transpose`, [split], { perm: order });
  });
  const [q, k, v] = heads as [string, string, string];
  const scores = node('MatMul', 'attn/MatMul', [q, k]);
  const scaled = node('Div', 'attn/Div', [scores, float('attn/Constant', Math.sqrt(WIDTH / HEADS))]);
  const shares = node('Softmax', 'attn/Softmax', [scaled], { axis: -1n });
  const mixed = node('Transpose', 'attn/Transpose', [node('MatMul', 'attn/MatMul_1', [shares, v])], {
    perm: [0n, 2n, 1n, 3n],
  });
  const joined = node('Reshape', 'attn/Reshape', [mixed, ints('attn/Constant_1', 0n, 0n, BigInt(WIDTH))]);
  const attended = node('Add', 'Add', [hidden, project('attn/o', joined)]);
  const gate = norm('norm2', attended);
  const up = node('Add', 'mlp/fc1/Add', [project('mlp/fc1', gate, 2 * WIDTH), weights('mlp/fc1/bias', [2 * WIDTH])]);
  const scaledUp = node('Div', 'mlp/act/Div', [up, float('mlp/act/Constant', Math.SQRT2)]);
  const erf = node('Erf', 'mlp/act/Erf', [scaledUp]);
  const one = node('Add', 'mlp/act/Add', [erf, float('mlp/act/Constant_1', 1)]);
  const active = node('Mul', 'mlp/act/Mul', [
    node('Mul', 'mlp/act/Mul_1', [up, one]),
    float('mlp/act/Constant_2', 0.5),
  ]);
  const down = node('Add', 'mlp/fc2/Add', [
    project('mlp/fc2', active, WIDTH, 2 * WIDTH),
    weights('mlp/fc2/bias', [WIDTH]),
  ]);
  return node('Add', 'Add_1', [attended, down]);
}
