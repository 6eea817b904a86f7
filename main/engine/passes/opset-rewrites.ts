/**
 * How operators changed between opset 7 and 13, as rewrites of one node. Where only types or negative axes were added
 * there is nothing to do, and no entry.
 * @see https://github.com/onnx/onnx/blob/main/docs/Changelog.md
 */
import { floatAttribute, floatsAttribute, intAttribute, intsAttribute, makeAttribute } from '../graph/attributes.ts';
import type { Node } from '../graph/ir.ts';
import { makeNode } from '../graph/make.ts';

/** What a rewrite may ask for and add; names are made from the layer's. */
export interface UpgradeScope {
  /** Adds a constant int64 vector; returns its name. */
  readonly ints: (role: string, values: readonly number[]) => string;
  /** Adds a constant int64 scalar. */
  readonly int: (role: string, value: number) => string;
  /** Adds a constant scalar of the element type of the value `like` (float32 where that is not known). */
  readonly scalarLike: (role: string, value: number, like: string) => string;
  /** Adds a constant float32 vector. */
  readonly floats: (role: string, values: readonly number[]) => string;
  /** A name for a new value. */
  readonly value: (role: string) => string;
  /** A name for a new node. */
  readonly node: (role: string) => string;
  readonly rank: (value: string) => number | undefined;
  readonly refuse: (reason: string) => never;
}

/** Turns a node as it was before opset `since` into nodes of that opset. */
export interface Rewrite {
  readonly since: number;
  readonly opType: string;
  readonly rewrite: (node: Node, scope: UpgradeScope) => readonly Node[];
}

/** Node without the named attributes. */
function without(node: Node, ...names: readonly string[]): Node {
  return { ...node, attributes: node.attributes.filter(({ name }) => !names.includes(name)) };
}

/** Inputs with '' up to `count`, and no '' at the end. */
function withInputs(node: Node, inputs: readonly string[]): Node {
  let length = inputs.length;
  while (length > 0 && inputs[length - 1] === '') length--;
  return { ...node, inputs: inputs.slice(0, length) };
}

function axesBecomeInput(since: number, opType: string): Rewrite {
  return {
    since,
    opType,
    rewrite: (node, scope) => {
      const axes = intsAttribute(node, 'axes');
      const bare = without(node, 'axes');
      return [axes === undefined ? bare : withInputs(bare, [node.inputs[0] ?? '', scope.ints('axes', axes)])];
    },
  };
}

function softmax(opType: string): Rewrite {
  return {
    since: 13,
    opType,
    // Before 13: the input is seen as a matrix [product before axis, product from axis on]; axis is 1 unless given.
    rewrite: (node, scope) => {
      const axis = intAttribute(node, 'axis', 1);
      const [input = '', output = ''] = [node.inputs[0], node.outputs[0]];
      const rank = scope.rank(input);
      const last = rank === undefined ? undefined : rank - 1;
      if (axis === -1 || axis === last) {
        return [{ ...node, attributes: [...without(node, 'axis').attributes, makeAttribute('axis', -1n)] }];
      }
      const [matrix, shape, flat] = [scope.value('matrix'), scope.value('shape'), scope.value('flat')];
      return [
        makeNode('Shape', [input], [shape], { name: scope.node('shape') }),
        makeNode('Flatten', [input], [matrix], { name: scope.node('flatten'), attributes: { axis: BigInt(axis) } }),
        { ...node, inputs: [matrix], outputs: [flat], attributes: [makeAttribute('axis', 1n)] },
        makeNode('Reshape', [flat, shape], [output], { name: scope.node('reshape') }),
      ];
    },
  };
}

/** All rewrites, earlier opsets first: a node may pass through several (Upsample 9 → Resize 10 → Resize 11). */
export const REWRITES: readonly Rewrite[] = [
  {
    since: 9,
    opType: 'BatchNormalization',
    rewrite: (node, scope) => {
      if (intAttribute(node, 'spatial', 1) === 0) return scope.refuse('BatchNormalization with spatial = 0');
      return [without(node, 'spatial')];
    },
  },
  {
    since: 9,
    opType: 'Upsample',
    rewrite: (node, scope) => {
      const scales = floatsAttribute(node, 'scales');
      if (scales === undefined) return scope.refuse('Upsample without scales');
      return [{ ...without(node, 'scales'), inputs: [node.inputs[0] ?? '', scope.floats('scales', scales)] }];
    },
  },
  { since: 10, opType: 'Upsample', rewrite: (node) => [{ ...node, opType: 'Resize' }] },
  {
    since: 10,
    opType: 'Slice',
    rewrite: (node, scope) => {
      const starts = intsAttribute(node, 'starts', []);
      const axes = intsAttribute(node, 'axes') ?? starts.map((_, axis) => axis);
      const inputs = [
        node.inputs[0] ?? '',
        scope.ints('starts', starts),
        scope.ints('ends', intsAttribute(node, 'ends', [])),
        scope.ints('axes', axes),
      ];
      return [{ ...without(node, 'starts', 'ends', 'axes'), inputs }];
    },
  },
  {
    since: 10,
    opType: 'TopK',
    rewrite: (node, scope) => [
      { ...without(node, 'k'), inputs: [node.inputs[0] ?? '', scope.ints('k', [intAttribute(node, 'k', 1)])] },
    ],
  },
  {
    since: 11,
    opType: 'Resize',
    // Resize 10 samples at output / scale, and rounds down.
    rewrite: (node) => [
      {
        ...node,
        inputs: [node.inputs[0] ?? '', '', node.inputs[1] ?? ''],
        attributes: [
          ...node.attributes,
          makeAttribute('coordinate_transformation_mode', 'asymmetric'),
          makeAttribute('nearest_mode', 'floor'),
        ],
      },
    ],
  },
  {
    since: 11,
    opType: 'Clip',
    rewrite: (node, scope) => {
      const input = node.inputs[0] ?? '';
      const bound = (name: 'min' | 'max'): string => {
        const value = floatAttribute(node, name);
        return value === undefined ? '' : scope.scalarLike(name, value, input);
      };
      return [withInputs(without(node, 'min', 'max'), [input, bound('min'), bound('max')])];
    },
  },
  {
    since: 11,
    opType: 'Pad',
    rewrite: (node, scope) => {
      const input = node.inputs[0] ?? '';
      const pads = scope.ints('pads', intsAttribute(node, 'pads', []));
      const value = scope.scalarLike('value', floatAttribute(node, 'value', 0), input);
      return [{ ...without(node, 'pads', 'value'), inputs: [input, pads, value] }];
    },
  },
  { since: 11, opType: 'Scatter', rewrite: (node) => [{ ...node, opType: 'ScatterElements' }] },
  {
    since: 12,
    opType: 'Dropout',
    // Only training drops; the mask was of the data's type before opset 10.
    rewrite: (node, scope) => {
      if ((node.outputs[1] ?? '') !== '') return scope.refuse('Dropout whose mask is asked for');
      return [without(node, 'ratio')];
    },
  },
  axesBecomeInput(13, 'Squeeze'),
  axesBecomeInput(13, 'Unsqueeze'),
  axesBecomeInput(13, 'ReduceSum'),
  {
    since: 13,
    opType: 'Split',
    rewrite: (node, scope) => {
      const sizes = intsAttribute(node, 'split');
      const bare = without(node, 'split');
      return [sizes === undefined ? bare : { ...bare, inputs: [node.inputs[0] ?? '', scope.ints('split', sizes)] }];
    },
  },
  softmax('Softmax'),
  softmax('LogSoftmax'),
  softmax('Hardmax'),
];

/** Operators whose meaning changed so that no rewrite of one node keeps it. */
export const REFUSALS: readonly { readonly since: number; readonly opType: string; readonly reason: string }[] = [
  { since: 9, opType: 'Scan', reason: 'Scan of opset 8 scans over a batch' },
];
