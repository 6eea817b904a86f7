import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { quantizeStepSchema, type QuantizeStep } from '../../../../main/contract/recipe/quantize.ts';
import { recipeSchema } from '../../../../main/contract/recipe/recipe.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { innerWeightNotes } from '../../../../main/engine/quantize/inner-weights.ts';
import { applyRecipe } from '../../../../main/engine/recipe/apply-recipe.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import { graph } from '../../../support/graph-builder.ts';
import { outputsOf } from './oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

/** A product in the main graph, then one of two in the branches of an If. */
function branching(): Model {
  const branch = (name: string) =>
    graph(name)
      .weights(`${name}_w`, [32, 32])
      .node('MatMul', ['h', `${name}_w`], {}, [`${name}_p`], { name: 'm' })
      .node('Add', [`${name}_p`, 'outside'], {}, [`${name}_y`], { name: 'a' })
      .output(`${name}_y`)
      .buildGraph();
  return graph()
    .input('x', 'float32', [1, 32])
    .input('flag', 'bool', [])
    .weights('w', [32, 32])
    .weights('outside', [32])
    .node('MatMul', ['x', 'w'], {}, ['h'], { name: 'outer' })
    .node('If', ['flag'], { then_branch: branch('a'), else_branch: branch('b') }, ['y'], { name: 'choose' })
    .output('y')
    .build();
}

async function* feeds(): AsyncGenerator<HostTensors> {
  yield {
    x: { dtype: 'float32', dims: [1, 32], data: Float32Array.from({ length: 32 }, (_, at) => Math.sin(at)) },
    flag: { dtype: 'bool', dims: [], data: Uint8Array.of(1) },
  };
}

const NOTE =
  "2 layers with weights inside of subgraphs (If, Loop, Scan: 'choose') stay in float32: only the main graph is quantized.";

describe('weights inside of subgraphs', () => {
  it('are told of once for all', () => {
    expect(innerWeightNotes(branching())).toEqual([NOTE]);
    expect(innerWeightNotes(graph().input('x', 'float32', [1, 2]).relu().output().build())).toEqual([]);
  });

  it.each(['int8-static', 'int8-dynamic', 'float16', 'int8-weight'] as const)(
    'stay in float and are never left out silently (%s)',
    async (scheme) => {
      const step: QuantizeStep = quantizeStepSchema.parse({ scheme });
      const recipe = recipeSchema.parse({ version: 2, steps: [{ quantize: step }] });
      const surroundings = {
        calibration: feeds,
        runner,
        sampleFeeds: async () => (await feeds().next()).value as HostTensors,
        vnni: true,
      };
      const { model, outcomes } = await applyRecipe(branching(), recipe, surroundings, quietContext());
      const [outcome] = outcomes;
      expect(outcome!.notes).toContain(NOTE);
      const data = (await feeds().next()).value as HostTensors;
      const [a, b] = [await outputsOf(runner, branching(), data), await outputsOf(runner, model, data)];
      a['y']!.forEach((value, at) => expect(b['y']![at]!).toBeCloseTo(value, 0));
    },
  );
});
