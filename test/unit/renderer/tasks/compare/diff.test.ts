import { describe, expect, it } from 'vitest';
import type { GraphNode, GraphView } from '../../../../../main/contract/studio.ts';
import { diffOf, unionGraph } from '../../../../../renderer/tasks/compare/diff.ts';
import type { CompareRow } from '../../../../../renderer/tasks/compare/model.ts';

type Spec = readonly [name: string, inputs: readonly string[], outputs: readonly string[]];

function view(nodes: readonly Spec[], inputs: readonly string[], outputs: readonly string[]): GraphView {
  return {
    nodes: nodes.map(([name, from, to]): GraphNode => ({
      name,
      op: name,
      domain: '',
      category: 'layer',
      part: 'other',
      brings: null,
      scope: '',
      parent: null,
      inputs: [...from],
      outputs: [...to],
      weights: [],
      attributes: [],
    })),
    values: nodes.flatMap(([, , to]) => to.map((name) => ({ name, dtype: 'float32' as const, shape: [1] }))),
    inputs: [...inputs],
    outputs: [...outputs],
    bodies: [],
  };
}

function row(name: string, status: CompareRow['status'], more: Partial<CompareRow> = {}): CompareRow {
  return {
    key: status === 'added' ? `\u0000${name}` : name,
    name,
    op: name,
    status,
    timeAMs: null,
    timeBMs: null,
    fusedA: null,
    fusedB: null,
    timeDeltaMs: null,
    parametersA: null,
    parametersB: null,
    parametersDelta: null,
    nameB: null,
    othersB: [],
    matchedBy: status === 'same' || status === 'changed' ? 'weights' : null,
    weights: null,
    changes: [],
    ...more,
  };
}

/** x → conv → bn → relu → drop → y; conv takes bn in, drop is gone, a cast is new. */
const A = view(
  [
    ['conv', ['x'], ['c']],
    ['bn', ['c'], ['n']],
    ['relu', ['n'], ['r']],
    ['drop', ['r'], ['d']],
    ['fc', ['d'], ['y']],
  ],
  ['x'],
  ['y'],
);
const B = view(
  [
    ['k0', ['in'], ['v0']],
    ['k1', ['v0'], ['v1']],
    ['cast', ['v1'], ['c']],
    ['fc', ['c'], ['out']],
  ],
  ['in'],
  ['out'],
);
const ROWS = [
  row('conv', 'changed', { nameB: 'k0' }),
  row('bn', 'changed', { matchedBy: null, fusedB: { into: 'conv', timeMs: null } }),
  row('relu', 'same', { nameB: 'k1' }),
  row('drop', 'removed'),
  row('fc', 'same'),
  row('cast', 'added'),
];

describe('what stands for the same', () => {
  const diff = diffOf(ROWS);

  it('is known on both sides, a fused layer by the one that took it in', () => {
    expect(diff.b.rowOf.get('k0')!.name).toBe('conv');
    expect(diff.b.namesOf('bn')).toEqual(['k0']);
    expect(diff.a.namesOf('conv')).toEqual(['conv', 'bn']);
    expect(diff.b.namesOf('drop')).toEqual([]);
    expect(diff.a.rowOf.has('cast')).toBe(false);
  });
});

describe('both models as one graph', () => {
  const { view: union, rowOf, onlyIn, edges } = unionGraph(A, B, diffOf(ROWS));
  const nodeOf = (name: string): GraphNode => union.nodes.find((node) => node.name === name)!;

  it('has matched layers once, and those of one alone in their places', () => {
    expect(union.nodes.map(({ name }) => name)).toEqual(['conv', 'bn', 'relu', 'cast', 'drop', 'fc']);
    expect([...onlyIn]).toEqual([
      ['cast', 'b'],
      ['drop', 'a'],
    ]);
    expect(rowOf.get('cast')!.status).toBe('added');
  });

  it('has one input and one output where both models have the same', () => {
    expect(union.inputs).toEqual(['x']);
    expect(union.outputs).toEqual(['y']);
  });

  it('joins what a fused kernel gives to the last of its layers', () => {
    expect(nodeOf('relu').inputs).toEqual(['n']);
    expect(edges.has('n')).toBe(false);
  });

  it('keeps the edges of each model apart where they differ', () => {
    const [ofA, ofB] = ['r\u0001a', 'r\u0001b'];
    expect(nodeOf('relu').outputs).toEqual(['r', ofB, ofA]);
    expect(nodeOf('drop').inputs).toEqual([ofA]);
    expect(nodeOf('cast').inputs).toEqual([ofB]);
    // "c" is conv's value in A: the cast's is another one.
    expect(nodeOf('cast').outputs).toEqual(['c (B)']);
    expect(nodeOf('fc').inputs).toEqual(['d', 'c (B)']);
    expect(Object.fromEntries(edges)).toEqual({ 'c (B)': 'b', [ofA]: 'a', [ofB]: 'b', d: 'a' });
  });

  it('takes layers of the same name that do not match for two', () => {
    const other = unionGraph(A, B, diffOf([...ROWS.slice(0, 4), row('fc', 'removed'), row('fc', 'added'), ROWS[5]!]));
    expect(other.view.nodes.map(({ name }) => name)).toEqual(['conv', 'bn', 'relu', 'cast', 'fc (B)', 'drop', 'fc']);
    expect(other.view.outputs).toEqual(['y', 'out']);
  });
});
