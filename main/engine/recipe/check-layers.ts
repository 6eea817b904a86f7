import { stepParts } from '../../contract/recipe/kinds.ts';
import { StudioError } from '../../base/errors.ts';
import type { Model } from '../graph/ir.ts';
import { walkNodes } from '../graph/walk.ts';
import type { Recipe, RecipeStep } from '../../contract/recipe/recipe.ts';
import { layerKeys, namesIn } from './source-names.ts';

/**
 * Checks that the layers which a recipe names exist: whatever the step, they are layers of the source model.
 * @throws MODEL_UNKNOWN_LAYER naming the step, the name and the layer that comes nearest
 */
export function checkRecipeLayers(model: Model, recipe: Recipe): void {
  const known = new Set<string>();
  for (const { layer } of walkNodes(model)) known.add(layer);
  for (const [index, step] of recipe.steps.entries()) {
    for (const name of excludedBy(step)) {
      if (!known.has(name)) throw unknownLayer(name, [...known], `Step ${index + 1} (${stepParts(step).kind.kind})`);
    }
  }
}

/** The layers that the settings of a step name. */
function excludedBy(step: RecipeStep): readonly string[] {
  const parts = stepParts(step);
  return layerKeys(parts).flatMap((key) => namesIn(parts.settings, key));
}

function unknownLayer(name: string, known: readonly string[], where: string): StudioError {
  const nearest = nearestName(name, known);
  return new StudioError('MODEL_UNKNOWN_LAYER', `${where} names '${name}', but the model has no such layer`, {
    hint:
      nearest === undefined
        ? 'The model has no layers.'
        : `Did you mean '${nearest}'? 'lapidary inspect' lists all layers.`,
  });
}

/** The name with the least edit distance, upper and lower case alike; the first of several. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Infinity;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), least);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Levenshtein distance; gives up with Infinity once it must reach `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, row[j]! + 1, next[j - 1]! + 1));
    }
    if (Math.min(...next) >= limit) return Infinity;
    row = next;
  }
  return row[b.length]!;
}
