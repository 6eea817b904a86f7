import { describe, expect, it } from 'vitest';
import type { Graph } from '../../../../main/engine/graph/ir.ts';
import { takenBranches } from '../../../../main/engine/profile/taken-branches.ts';
import { graph } from '../../../support/graph-builder.ts';

const product = (name: string): Graph =>
  graph()
    .node('MatMul', ['x', 'w'], {}, [`${name}_y`], { name })
    .output(`${name}_y`)
    .buildGraph();

/** An If in the branch of an If: outer/then_branch/inner/{then,else}_branch, outer/else_branch. */
const inner = { then_branch: product('deep'), else_branch: product('flat') };
const model = graph()
  .input('x', 'float32', [2, 4])
  .input('flag', 'bool', [])
  .weights('w', [4, 4])
  .node(
    'If',
    ['flag'],
    {
      then_branch: graph().node('If', ['flag'], inner, ['z'], { name: 'inner' }).output('z').buildGraph(),
      else_branch: product('other'),
    },
    ['y'],
    { name: 'outer' },
  )
  .build();

const taken = (...executed: readonly string[]) =>
  [...takenBranches(model, new Set(executed))].map(([node, branch]) => `${node.name}: ${branch}`);

describe('the branches that a run took', () => {
  it('follow from the layers that ran in them, through Ifs in Ifs', () => {
    expect(taken('outer/then_branch/inner/else_branch/flat')).toEqual(['inner: else_branch', 'outer: then_branch']);
    expect(taken('outer', 'outer/else_branch/other')).toEqual(['outer: else_branch']);
  });

  it('are not told where none or both were seen', () => {
    expect(taken('outer')).toEqual([]);
    const both = ['outer/then_branch/inner/then_branch/deep', 'outer/then_branch/inner/else_branch/flat'];
    expect(taken(...both)).toEqual(['outer: then_branch']);
  });
});
