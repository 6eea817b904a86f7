/**
 * How operators changed from opset 7 on, as rewrites of one node. Where only types or negative axes were added there is
 * nothing to do, and no entry. Integers are passed on as they are stored: 2⁶³ − 1 ("to the end") is no JavaScript number.
 * @see https://github.com/onnx/onnx/blob/main/docs/Changelog.md
 */
import {
  bigintAttribute,
  bigintsAttribute,
  floatAttribute,
  floatsAttribute,
  intAttribute,
  makeAttribute,
  stringAttribute,
} from '../graph/attributes.ts';
import type { Node } from '../graph/ir.ts';
import { makeNode } from '../graph/make.ts';

/** What a rewrite may ask for and add; names are made from the layer's. */
export interface UpgradeScope {
  /** Adds a constant int64 vector; returns its name. */
  readonly ints: (role: string, values: readonly bigint[]) => string;
  /** Adds a constant int64 scalar; returns its name. */
  readonly int: (role: string, value: bigint) => string;
  /** Adds a constant scalar of the element type of the value `like` (float32 where that is not known). */
  readonly scalarLike: (role: string, value: number, like: string) => string;
  /** Adds a constant float32 tensor; a vector unless `dims` say otherwise. */
  readonly floats: (role: string, values: readonly number[], dims?: readonly number[]) => string;
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
      const axes = bigintsAttribute(node, 'axes');
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

/** Opset 18 made the axes of all reductions but ReduceSum an input. */
const REDUCTIONS = [
  'ReduceL1',
  'ReduceL2',
  'ReduceLogSum',
  'ReduceLogSumExp',
  'ReduceMax',
  'ReduceMean',
  'ReduceMin',
  'ReduceProd',
  'ReduceSumSquare',
];

/** y = factor · x + shift, in two nodes of which the last keeps the name; for operators of opset 9 and before. */
function affine(
  node: Node,
  scope: UpgradeScope,
  by: { readonly factor: number; readonly shift: readonly number[]; readonly shiftDims: readonly number[] },
): readonly Node[] {
  const scaled = scope.value('scaled');
  const factor = scope.floats('scale', [by.factor], []);
  const shift = scope.floats('bias', by.shift, by.shiftDims);
  return [
    makeNode('Mul', [node.inputs[0] ?? '', factor], [scaled], { name: scope.node('scale') }),
    makeNode('Add', [scaled, shift], node.outputs, { name: node.name }),
  ];
}

/** alpha · f(beta · x) */
function scaledActivation(opType: string, activation: string): Rewrite {
  return {
    since: 10,
    opType,
    rewrite: (node, scope) => {
      const alpha = floatAttribute(node, 'alpha');
      const beta = floatAttribute(node, 'beta');
      if (alpha === undefined || beta === undefined) return scope.refuse(`${opType} without alpha and beta`);
      const [inner, active] = [scope.value('scaled'), scope.value('active')];
      return [
        makeNode('Mul', [node.inputs[0] ?? '', scope.floats('beta', [beta], [])], [inner], {
          name: scope.node('beta'),
        }),
        makeNode(activation, [inner], [active], { name: scope.node('activation') }),
        makeNode('Mul', [active, scope.floats('alpha', [alpha], [])], node.outputs, { name: node.name }),
      ];
    },
  };
}

/** Marks the end of an axis, however long it is. */
const TO_THE_END = 2n ** 63n - 1n;

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
  {
    since: 10,
    opType: 'ImageScaler',
    rewrite: (node, scope) => {
      const shift = floatsAttribute(node, 'bias', [0]);
      return affine(node, scope, { factor: floatAttribute(node, 'scale', 1), shift, shiftDims: [shift.length, 1, 1] });
    },
  },
  {
    since: 10,
    opType: 'Affine',
    rewrite: (node, scope) =>
      affine(node, scope, {
        factor: floatAttribute(node, 'alpha', 1),
        shift: [floatAttribute(node, 'beta', 0)],
        shiftDims: [],
      }),
  },
  scaledActivation('ParametricSoftplus', 'Softplus'),
  scaledActivation('ScaledTanh', 'Tanh'),
  { since: 10, opType: 'Upsample', rewrite: (node) => [{ ...node, opType: 'Resize' }] },
  {
    since: 10,
    opType: 'Slice',
    rewrite: (node, scope) => {
      const starts = bigintsAttribute(node, 'starts', []);
      const axes = bigintsAttribute(node, 'axes') ?? starts.map((_, axis) => BigInt(axis));
      const inputs = [
        node.inputs[0] ?? '',
        scope.ints('starts', starts),
        scope.ints('ends', bigintsAttribute(node, 'ends', [])),
        scope.ints('axes', axes),
      ];
      return [{ ...without(node, 'starts', 'ends', 'axes'), inputs }];
    },
  },
  {
    since: 10,
    opType: 'Crop',
    // After Slice, whose newer form it takes. border is left, top, right, bottom of the last two axes; scale, where given, the height and width that stay.
    rewrite: (node, scope) => {
      const [left = 0n, top = 0n, right = 0n, bottom = 0n] = bigintsAttribute(node, 'border', []);
      const [height, width] = bigintsAttribute(node, 'scale', []);
      const end = (start: bigint, size: bigint | undefined, border: bigint): bigint =>
        size !== undefined ? start + size : border === 0n ? TO_THE_END : -border;
      const inputs = [
        node.inputs[0] ?? '',
        scope.ints('starts', [top, left]),
        scope.ints('ends', [end(top, height, bottom), end(left, width, right)]),
        scope.ints('axes', [2n, 3n]),
      ];
      return [{ ...without(node, 'border', 'scale'), opType: 'Slice', inputs }];
    },
  },
  {
    since: 10,
    opType: 'TopK',
    rewrite: (node, scope) => [
      { ...without(node, 'k'), inputs: [node.inputs[0] ?? '', scope.ints('k', [bigintAttribute(node, 'k', 1n)])] },
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
      const pads = scope.ints('pads', bigintsAttribute(node, 'pads', []));
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
      const sizes = bigintsAttribute(node, 'split');
      const bare = without(node, 'split');
      return [sizes === undefined ? bare : { ...bare, inputs: [node.inputs[0] ?? '', scope.ints('split', sizes)] }];
    },
  },
  softmax('Softmax'),
  softmax('LogSoftmax'),
  softmax('Hardmax'),
  {
    since: 16,
    opType: 'RoiAlign',
    // Before, samples lay half a pixel off.
    rewrite: (node) => [
      {
        ...node,
        attributes: [...node.attributes, makeAttribute('coordinate_transformation_mode', 'output_half_pixel')],
      },
    ],
  },
  ...REDUCTIONS.map((opType) => axesBecomeInput(18, opType)),
  {
    since: 18,
    opType: 'Split',
    // Without sizes, the parts are as many as the outputs: opset 18 wants that said.
    rewrite: (node) => {
      if ((node.inputs[1] ?? '') !== '') return [node];
      return [{ ...node, attributes: [...node.attributes, makeAttribute('num_outputs', BigInt(node.outputs.length))] }];
    },
  },
  {
    since: 20,
    opType: 'DFT',
    rewrite: (node, scope) => {
      const [signal = '', length = ''] = node.inputs;
      return [
        { ...without(node, 'axis'), inputs: [signal, length, scope.int('axis', bigintAttribute(node, 'axis', 1n))] },
      ];
    },
  },
  {
    since: 20,
    opType: 'GridSample',
    rewrite: (node) => {
      const mode = stringAttribute(node, 'mode', 'bilinear');
      const attributes = [...without(node, 'mode').attributes, makeAttribute('mode', SAMPLING_MODES[mode] ?? mode)];
      return [{ ...node, attributes }];
    },
  },
];

/** Names of GridSample's modes, before and since opset 20. */
const SAMPLING_MODES: Readonly<Record<string, string>> = { bilinear: 'linear', bicubic: 'cubic' };

/** Operators that are gone, or whose meaning changed so that no rewrite of one node keeps it. */
export const REFUSALS: readonly { readonly since: number; readonly opType: string; readonly reason: string }[] = [
  { since: 9, opType: 'Scan', reason: 'Scan of opset 8 scans over a batch' },
  { since: 9, opType: 'MeanVarianceNormalization', reason: 'its axes were said in another way before opset 9' },
  ...['ATen', 'ConstantFill', 'DynamicSlice', 'GivenTensorFill', 'GRUUnit', 'Scale'].map((opType) => ({
    since: 10,
    opType,
    reason: `${opType} is gone from opset 10 on`,
  })),
  { since: 21, opType: 'GroupNormalization', reason: 'GroupNormalization has other scales from opset 21 on' },
];
