import { describe, expect, it } from 'vitest';
import type { AttributeInput } from '../../../../main/engine/graph/attributes.ts';
import { makeConstant, type Element } from '../../../../main/engine/operators/constant.ts';
import { costOfLayers } from '../../../../main/engine/operators/cost.ts';
import { inferModel } from '../../../../main/engine/operators/infer.ts';
import type { DType } from '../../../../main/engine/tensor/dtype.ts';
import { graph } from '../../../support/graph-builder.ts';

interface Given {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly elements: readonly Element[];
}

const floats = (shape: readonly number[], ...elements: readonly number[]): Given => ({
  dtype: 'float32',
  shape,
  elements: elements.map(Math.fround),
});
const ints = (shape: readonly number[], ...elements: readonly number[]): Given => ({ dtype: 'int64', shape, elements });
const texts = (shape: readonly number[], ...elements: readonly string[]): Given => ({
  dtype: 'string',
  shape,
  elements,
});

/** Shape and elements of each output of one node, whose inputs are given as a run would give them. */
function outputsOf(
  opType: string,
  given: readonly Given[],
  { attributes = {}, outputs = 1 }: { attributes?: Readonly<Record<string, AttributeInput>>; outputs?: number } = {},
): readonly (readonly [readonly unknown[] | undefined, readonly Element[] | undefined])[] {
  const names = given.map((_, index) => `in${index}`);
  const builder = graph();
  given.forEach(({ dtype, shape }, index) =>
    builder.input(
      names[index]!,
      dtype,
      shape.map(() => null),
    ),
  );
  const out = Array.from({ length: outputs }, (_, index) => `out${index}`);
  const model = builder.node(opType, names, attributes, out).build();
  const values = new Map(
    given.map(({ dtype, shape, elements }, index) => [names[index]!, makeConstant(dtype, shape, elements)!]),
  );
  const open = inferModel(model);
  expect(open.values.get('out0')?.shape?.every((dim) => typeof dim === 'number') ?? false).toBe(false);
  const inference = inferModel(model, { values });
  expect(inference.problems).toEqual([]);
  return out.map((name) => {
    const value = inference.values.get(name);
    return [value?.shape, value?.constant?.elements] as const;
  });
}

describe('boxes that are chosen', () => {
  // Unit squares at 0, 0.25 and 2 along x: the first two share 0.75 of 1.25, intersection over union 0.6.
  const boxes = floats([1, 3, 4], 0, 0, 1, 1, 0, 0.25, 1, 1.25, 0, 2, 1, 3);
  const scores = floats([1, 1, 3], 0.5, 0.9, 0.1);
  const chosen = (most: number, overlap: number, lowest: number, some = boxes): readonly Element[] | undefined =>
    outputsOf('NonMaxSuppression', [some, scores, ints([1], most), floats([1], overlap), floats([1], lowest)])[0]![1];

  it('are those of the best score that overlap none before them', () => {
    expect(chosen(3, 0.5, 0)).toEqual([0, 0, 1, 0, 0, 2]);
    expect(chosen(3, 0.7, 0)).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 2]);
    expect(chosen(1, 0.5, 0)).toEqual([0, 0, 1]);
    // Only scores above the threshold.
    expect(chosen(3, 0.7, 0.5)).toEqual([0, 0, 1]);
  });

  it('may have their corners the other way round', () => {
    const turned = floats([1, 3, 4], 1, 1, 0, 0, 1, 0.25, 0, 1.25, 0, 3, 1, 2);
    expect(chosen(3, 0.5, 0, turned)).toEqual([0, 0, 1, 0, 0, 2]);
  });

  it('may be stated by middle and size, in several batches and classes', () => {
    const centred = floats([2, 1, 4], 0.5, 0.5, 1, 1, 2, 2, 1, 1);
    const inputs = [centred, floats([2, 2, 1], 0.5, 0.2, 0.1, 0.7), ints([1], 1), floats([1], 0), floats([1], 0.15)];
    const attributes = { center_point_box: 1n };
    expect(outputsOf('NonMaxSuppression', inputs, { attributes })).toEqual([
      [
        [3, 3],
        [0, 0, 0, 0, 1, 0, 1, 1, 0],
      ],
    ]);
  });

  it('are none where no number of boxes is stated', () => {
    const model = graph()
      .input('boxes', 'float32', [1, 'n', 4])
      .input('scores', 'float32', [1, 80, 'n'])
      .node('NonMaxSuppression', ['boxes', 'scores'], {}, ['y'])
      .build();
    expect(inferModel(model).values.get('y')?.shape).toEqual([0, 3]);
  });
});

describe('what is different', () => {
  it('is found among elements, sorted or in order of their first place', () => {
    const x = floats([6], 2, 1, 1, 3, 4, 3);
    expect(outputsOf('Unique', [x], { outputs: 4 })).toEqual([
      [[4], [1, 2, 3, 4]],
      [[4], [1, 0, 3, 4]],
      [[6], [1, 0, 0, 2, 3, 2]],
      [[4], [2, 1, 2, 1]],
    ]);
    expect(outputsOf('Unique', [x], { attributes: { sorted: 0n } })[0]).toEqual([[4], [2, 1, 3, 4]]);
  });

  it('is found among slices along an axis, and texts', () => {
    const x = floats([2, 3], 7, 5, 7, 2, 1, 2);
    // Columns (7, 2), (5, 1), (7, 2): sorted, (5, 1) comes first.
    expect(outputsOf('Unique', [x], { attributes: { axis: -1n }, outputs: 4 })).toEqual([
      [
        [2, 2],
        [5, 7, 1, 2],
      ],
      [[2], [1, 0]],
      [[3], [1, 0, 1]],
      [[2], [1, 2]],
    ]);
    expect(outputsOf('Unique', [texts([3], 'b', 'a', 'b')])).toEqual([[[2], ['a', 'b']]]);
  });

  it('is not told of NaN', () => {
    const model = graph().input('x', 'float32', [2]).node('Unique', ['x'], {}, ['y']).build();
    const values = new Map([['x', makeConstant('float32', [2], [Number.NaN, Number.NaN])!]]);
    expect(inferModel(model, { values }).values.get('y')?.shape).toEqual([null]);
  });
});

describe('texts', () => {
  const split = (given: Given, attributes: Readonly<Record<string, AttributeInput>> = {}) =>
    outputsOf('StringSplit', [given], { attributes, outputs: 2 });

  it('split at white space, or at every delimiter', () => {
    expect(split(texts([2], ' hello  world ', 'a'))).toEqual([
      [
        [2, 2],
        ['hello', 'world', 'a', ''],
      ],
      [[2], [2, 1]],
    ]);
    expect(split(texts([1], 'o-n--x-'), { delimiter: '-' })).toEqual([
      [
        [1, 5],
        ['o', 'n', '', 'x', ''],
      ],
      [[1], [5]],
    ]);
    expect(split(texts([0]))[0]).toEqual([[0, 0], []]);
  });

  it('split as often as is asked for', () => {
    expect(split(texts([1], 'the quick brown fox'), { maxsplit: 2n })[0]![1]).toEqual(['the', 'quick', 'brown fox']);
    expect(split(texts([1], 'a,b,c'), { delimiter: ',', maxsplit: 1n })[0]![1]).toEqual(['a', 'b,c']);
  });

  it('lose their stop words, one empty text staying', () => {
    const normal = (given: Given, attributes: Readonly<Record<string, AttributeInput>>) =>
      outputsOf('StringNormalizer', [given], { attributes })[0];
    const stopwords = ['monday'];
    expect(normal(texts([2], 'Monday', 'Tuesday'), { stopwords, case_change_action: 'UPPER' })).toEqual([
      [1],
      ['TUESDAY'],
    ]);
    expect(normal(texts([1, 2], 'Monday', 'monday'), { stopwords, is_case_sensitive: 1n })).toEqual([
      [1, 1],
      ['Monday'],
    ]);
    expect(normal(texts([2], 'monday', 'monday'), { stopwords })).toEqual([[1], ['']]);
  });

  it('pass through what moves elements, and are no sizes', () => {
    const model = graph()
      .input('x', 'string', [null])
      .initializer('last', 'int64', [1], [-1])
      .node('Gather', ['x', 'last'], {}, ['picked'])
      .node('Concat', ['picked', 'picked'], { axis: 0n }, ['twice'])
      .node('StringSplit', ['twice'], {}, ['parts', 'counts'])
      .node('Equal', ['x', 'x'], {}, ['same'])
      .build();
    const values = new Map([['x', makeConstant('string', [2], ['n + n', '2*n 3'])!]]);
    const found = inferModel(model, { dims: { n: 4 }, values }).values;
    expect(found.get('parts')).toEqual({
      dtype: 'string',
      shape: [2, 2],
      constant: { dtype: 'string', shape: [2, 2], elements: ['2*n', '3', '2*n', '3'] },
    });
    expect(found.get('same')).toEqual({ dtype: 'bool', shape: [2] });
  });
});

describe('loops', () => {
  /** x grows by itself until it has more than 20 elements, or as often as is asked for. */
  const growing = () => {
    const body = graph()
      .input('i', 'int64', [])
      .input('go', 'bool', [])
      .input('state', 'float32', [null])
      .initializer('limit', 'int64', [], [20])
      .node('Concat', ['state', 'state'], { axis: 0n }, ['next'])
      .node('Size', ['next'], {}, ['size'])
      .node('Less', ['size', 'limit'], {}, ['again'])
      .output('again', 'bool')
      .output('next')
      .output('size', 'int64')
      .buildGraph();
    return graph()
      .input('trips', 'int64', [])
      .input('go', 'bool', [])
      .input('x', 'float32', [3])
      .node('Loop', ['trips', 'go', 'x'], { body }, ['last', 'sizes'])
      .build();
  };
  const sizes = (trips: number, go: number) => {
    const values = new Map([
      ['trips', makeConstant('int64', [], [trips])!],
      ['go', makeConstant('bool', [], [go])!],
    ]);
    const found = inferModel(growing(), { values }).values;
    return [found.get('last')?.shape, found.get('sizes')?.shape];
  };

  it('end when their own condition says so', () => {
    // 3, 6, 12, 24
    expect(sizes(100, 1)).toEqual([[24], [3]]);
    expect(sizes(2, 1)).toEqual([[12], [2]]);
    expect(sizes(100, 0)).toEqual([[3], [0]]);
  });

  it('stay open while that is not known', () => {
    expect(inferModel(growing()).values.get('sizes')?.shape).toEqual([null]);
    expect(inferModel(growing()).values.get('last')?.shape).toEqual([null]);
  });

  it('take a number of turns that a body may cut short for no size', () => {
    const body = graph()
      .input('i', 'int64', [])
      .input('go', 'bool', [])
      .input('state', 'float32', [2])
      .node('ReduceMax', ['state'], { keepdims: 0n }, ['most'])
      .node('Cast', ['most'], { to: 9n }, ['again'])
      .node('Identity', ['state'], {}, ['next'])
      .output('again', 'bool')
      .output('next')
      .output('next')
      .buildGraph();
    const model = graph()
      .initializer('trips', 'int64', [], [7])
      .input('x', 'float32', [2])
      .node('Loop', ['trips', '', 'x'], { body }, ['last', 'all'])
      .build();
    expect(inferModel(model).values.get('all')?.shape).toEqual([null, 2]);
    const values = new Map([['x', makeConstant('float32', [2], [0, 0])!]]);
    expect(inferModel(model, { values }).values.get('all')?.shape).toEqual([1, 2]);
  });
});

describe('branches', () => {
  it('give their value where the condition is known', () => {
    const branch = (size: number) =>
      graph().initializer('size', 'int64', [1], [size]).output('size', 'int64').buildGraph();
    const model = graph()
      .input('first', 'bool', [])
      .input('x', 'float32', [1])
      .node('If', ['first'], { then_branch: branch(3), else_branch: branch(5) }, ['size'])
      .node('Expand', ['x', 'size'], {}, ['y'])
      .build();
    const given = (value: number) => new Map([['first', makeConstant('bool', [], [value])!]]);
    expect(inferModel(model, { values: given(0) }).values.get('y')?.shape).toEqual([5]);
    expect(inferModel(model, { values: given(1) }).values.get('y')?.shape).toEqual([3]);
    expect(inferModel(model).values.get('y')?.shape).toEqual([null]);
  });
});

describe('transforms', () => {
  it('count the work of the axis that is given', () => {
    const model = graph()
      .input('x', 'float32', [3, 8, 4, 1])
      .input('axis', 'int64', [])
      .node('DFT', ['x', '', 'axis'], {}, ['y'])
      .build({ opset: 20 });
    expect(costOfLayers(model, inferModel(model))[0]?.macs).toBeNull();
    const macs = (axis: number) => {
      const values = new Map([['axis', makeConstant('int64', [], [axis])!]]);
      return costOfLayers(model, inferModel(model, { values }))[0]?.macs;
    };
    // 12 lines of 8: 8/2·log₂ 8 butterflies of 4 multiply–adds; 24 lines of 4.
    expect(macs(1)).toBe(12 * 48);
    expect(macs(-2)).toBe(24 * 16);
  });
});

describe('numbers', () => {
  it('are what is left of a division, with the sign of the divisor or of the dividend', () => {
    const left = (attributes: Readonly<Record<string, AttributeInput>>) =>
      outputsOf('Mod', [ints([4], -7, 7, -7, 7), ints([4], 3, -3, -3, 3)], { attributes })[0]![1];
    expect(left({})).toEqual([2, -2, -1, 1]);
    expect(left({ fmod: 1n })).toEqual([-1, 1, -1, 1]);
  });

  it("are rounded as their type stores them, and not told where that is the operator's affair", () => {
    const cast = (to: bigint, ...elements: readonly number[]) =>
      outputsOf('Cast', [floats([elements.length], ...elements)], { attributes: { to } })[0]![1];
    // float16 has 11 bits, bfloat16 8; int4 goes from -8 to 7.
    expect(cast(10n, 2049, 0.5)).toEqual([2048, 0.5]);
    expect(cast(16n, 257, 0.5)).toEqual([256, 0.5]);
    expect(cast(22n, -9, 7.9)).toEqual([7, 7]);
    // float8e4m3fn
    expect(cast(17n, 0.47)).toBeUndefined();
  });

  it('of few bits go on from the other end of their range', () => {
    const model = graph()
      .initializer('a', 'uint8', [2], [250, 3])
      .initializer('b', 'uint8', [2], [10, 4])
      .node('Add', ['a', 'b'], {}, ['sum'])
      .node('Sub', ['a', 'b'], {}, ['rest'])
      .build();
    const found = inferModel(model).values;
    expect(found.get('sum')?.constant?.elements).toEqual([4, 7]);
    expect(found.get('rest')?.constant?.elements).toEqual([240, 255]);
  });
});
