import type { StepParts } from '../../contract/recipe/kinds.ts';
import type { Model } from '../graph/ir.ts';
import { walkNodes, type VisitedNode } from '../graph/walk.ts';
import type { Sources } from '../passes/pass.ts';

type Settings = StepParts['settings'];

/**
 * A step's settings as the step itself reads them: a recipe names layers of the source model, a step those of the model
 * that it is given, where steps before may have renamed, divided or merged them. A node is named where any layer that it
 * stands for is; a layer that no node stands for any more is not named at all.
 * @param model as the step gets it
 * @param sources layers of the source model by node of `model`
 */
export function inNamesOf(model: Model, sources: Sources, { kind, settings }: StepParts): Settings {
  const keys = layerKeys({ kind });
  if (sources.size === 0 || keys.every((key) => namesIn(settings, key).length === 0)) return settings;
  const visited = [...walkNodes(model)];
  const translated = keys.map((key) => {
    const named = new Set(namesIn(settings, key));
    const nodes = visited.filter((node) => layersOf(node, sources).some((layer) => named.has(layer)));
    return [key, nodes.map(({ layer }) => layer)] as const;
  });
  return { ...settings, ...Object.fromEntries(translated) };
}

/** What a step decided about its settings, its layers named as the recipe names them. */
export function inNamesOfRecipe(decided: unknown, { kind, settings }: StepParts): Settings {
  const named = layerKeys({ kind }).map((key) => [key, settings[key]] as const);
  return { ...(decided as Settings), ...Object.fromEntries(named) };
}

/** The sources of the model's own nodes, without those that stand for the layer of their own name. */
export function changedSources(model: Model, sources: Sources): Sources {
  if (sources.size === 0) return sources;
  const changed = new Map<string, readonly string[]>();
  for (const visited of walkNodes(model)) {
    const layers = layersOf(visited, sources);
    if (layers.length !== 1 || layers[0] !== visited.layer) changed.set(visited.layer, layers);
  }
  return changed;
}

/** The keys of a kind's settings that name layers. */
export function layerKeys({ kind }: Pick<StepParts, 'kind'>): readonly string[] {
  return kind.fields.filter(({ control }) => control === 'layers').map(({ key }) => key);
}

function namesIn(settings: Settings, key: string): readonly string[] {
  return settings[key] as readonly string[];
}

function layersOf({ node, layer }: VisitedNode, sources: Sources): readonly string[] {
  return sources.get(layer) ?? sources.get(node.name) ?? [layer];
}
