import type { Dim, Shape } from '../../../graph/ir.ts';
import type { DType } from '../../../tensor/dtype.ts';
import { addDims, productOfDims } from '../../dimension.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';

/** Rows of [N, features]; a single sample [features] is one row. */
function rows(context: NodeContext): Dim {
  const shape = context.shape(0);
  if (shape === undefined) return null;
  return shape.length === 1 ? 1 : (shape[0] ?? null);
}

/** How many entries an attribute with a list has; undefined: it is not there. */
function count(context: NodeContext, ...names: readonly string[]): number | undefined {
  for (const name of names) {
    const ints = context.ints(name);
    if (ints !== undefined) return ints.length;
    const floats = context.attributes.get(name, 'floats');
    if (floats !== undefined) return floats.length;
    const strings = context.attributes.get(name, 'strings');
    if (strings !== undefined) return strings.length;
  }
  return undefined;
}

const has = (context: NodeContext, name: string): boolean => (count(context, name) ?? 0) > 0;

/** The same shape in float32, whatever comes in. */
export const inferFloats = (context: NodeContext): Facts[] => [tensorFacts('float32', context.shape(0))];

/** Columns picked by index: [N, F] -> [N, k]; [F] -> [1, k]. */
export function inferArrayFeatures(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  const picked = context.shape(1);
  if (shape === undefined) return [tensorFacts(context.dtype(0), undefined)];
  const taken = picked === undefined ? null : productOfDims(picked);
  const before: Shape = shape.length === 1 ? [1] : shape.slice(0, -1);
  return [tensorFacts(context.dtype(0), [...before, taken])];
}

/** Strings for integers, integers for strings. */
export const inferCategories = (context: NodeContext): Facts[] => [
  tensorFacts(swapped(context.dtype(0)), context.shape(0)),
];

function swapped(dtype: DType | undefined): DType | undefined {
  if (dtype === 'string') return 'int64';
  return dtype === undefined ? undefined : 'string';
}

/** The type is that of the values; version 1 maps strings to their place in `classes_strings`, and back. */
export function inferLabels(context: NodeContext): Facts[] {
  const table = context.attributes.get('values_tensor', 'tensor')?.dtype;
  const listed = has(context, 'values_floats')
    ? 'float32'
    : has(context, 'values_int64s')
      ? 'int64'
      : has(context, 'values_strings')
        ? 'string'
        : swapped(context.dtype(0));
  return [tensorFacts(table ?? listed, context.shape(0))];
}

/** One more axis of as many places as there are categories. */
export function inferOneHotCategories(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  const categories = count(context, 'cats_int64s', 'cats_strings') ?? null;
  return [tensorFacts('float32', shape === undefined ? undefined : [...shape, categories])];
}

/** Inputs side by side, [N, C] each; 1-D ones are one row. */
export function inferFeatures(context: NodeContext): Facts[] {
  let width: Dim = 0;
  for (let index = 0; index < context.inputCount; index++) {
    const shape = context.shape(index);
    width = shape === undefined ? null : addDims(width, shape.at(-1) ?? 1);
  }
  return [tensorFacts('float32', [rows(context), width])];
}

/** Label and scores of each row. Two columns stand for the two classes of a binary classifier. */
export function inferLinearClassifier(context: NodeContext): Facts[] {
  const intercepts = count(context, 'intercepts') ?? 0;
  const classes = count(context, 'classlabels_ints', 'classlabels_strings') ?? 0;
  const scores = Math.max(intercepts, classes);
  return classified(context, 'classlabels_strings', scores === 0 ? null : scores);
}

/**
 * Columns: one for each class where probabilities are asked for or the model is linear; else one for each pair of classes
 * that was told apart, of which two classes have two.
 */
export function inferSvmClassifier(context: NodeContext): Facts[] {
  const classes = count(context, 'classlabels_ints', 'classlabels_strings') ?? 0;
  const pairs = classes > 2 ? (classes * (classes - 1)) / 2 : 2;
  const byPair = !has(context, 'prob_a') && has(context, 'vectors_per_class');
  return classified(context, 'classlabels_strings', classes === 0 ? null : byPair ? pairs : classes);
}

export function inferTreeClassifier(context: NodeContext): Facts[] {
  const classes = count(context, 'classlabels_int64s', 'classlabels_strings') ?? null;
  return classified(context, 'classlabels_strings', classes);
}

function classified(context: NodeContext, labelsInWords: string, scores: Dim): Facts[] {
  const samples = rows(context);
  const label = has(context, labelsInWords) ? 'string' : 'int64';
  return [tensorFacts(label, [samples]), tensorFacts('float32', [samples, scores])];
}

/** [N, targets] in float32. */
export const inferRegressor =
  (targets: string) =>
  (context: NodeContext): Facts[] => [tensorFacts('float32', [rows(context), context.int(targets, 1)])];

/** One score a row. */
export const inferSvmRegressor = (context: NodeContext): Facts[] => [tensorFacts('float32', [rows(context), 1])];

/** [N, targets] in the type of the input. */
export const inferTrees = (context: NodeContext): Facts[] => [
  tensorFacts(context.dtype(0), [rows(context), context.attributes.int('n_targets') ?? null]),
];

/** A dictionary as one row. */
export function inferDictionary(context: NodeContext): Facts[] {
  return [tensorFacts(undefined, [1, count(context, 'string_vocabulary', 'int64_vocabulary') ?? null])];
}

/** A dictionary's values in the order of its keys; sparse: at the places that the keys name. */
export function inferCastMap(context: NodeContext): Facts[] {
  const to = context.text('cast_to', 'TO_FLOAT');
  const dtype = to === 'TO_STRING' ? 'string' : to === 'TO_INT64' ? 'int64' : 'float32';
  const sparse = context.text('map_form', 'DENSE') === 'SPARSE';
  return [tensorFacts(dtype, [1, sparse ? context.int('max_map', 1) : null])];
}

/** A dictionary for each row. */
export const inferZipMap = (): Facts[] => [
  {
    kind: 'sequence',
    dtype: undefined,
    shape: undefined,
    element: { kind: 'map', dtype: undefined, shape: undefined },
  },
];
