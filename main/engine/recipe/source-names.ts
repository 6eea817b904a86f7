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
  const keys = layerKeys({ kind }).filter((key) => key in settings);
  if (sources.size === 0 || keys.every((key) => namesIn(settings, key).length === 0)) return settings;
  const visited = [...walkNodes(model)];
  const translated = keys.map((key) => {
    const named = new Set(namesIn(settings, key));
    const nodes = visited.flatMap((node) => {
      const layer = layersOf(node, sources).find((one) => named.has(one));
      return layer === undefined ? [] : [[node.layer, layer] as const];
    });
    const setting = settings[key] as LayersSetting;
    if (Array.isArray(setting)) return [key, nodes.map(([node]) => node)] as const;
    return [key, Object.fromEntries(nodes.map(([node, layer]) => [node, (setting as LayerChoices)[layer]]))] as const;
  });
  return { ...settings, ...Object.fromEntries(translated) };
}

/** What a step decided about its settings, its layers named as the recipe names them. */
export function inNamesOfRecipe(decided: unknown, { kind, settings }: StepParts): Settings {
  const named = layerKeys({ kind })
    .filter((key) => key in settings)
    .map((key) => [key, settings[key]] as const);
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
  return kind.fields.filter(({ control }) => control === 'layers' || control === 'layer-choices').map(({ key }) => key);
}

type LayerChoices = Readonly<Record<string, string>>;
type LayersSetting = readonly string[] | LayerChoices;

/** The layers that a setting names, itself or as keys; none where this step has no such setting. */
export function namesIn(settings: Settings, key: string): readonly string[] {
  const setting = (settings[key] ?? []) as LayersSetting;
  return Array.isArray(setting) ? setting : Object.keys(setting);
}

function layersOf({ node, layer }: VisitedNode, sources: Sources): readonly string[] {
  return sources.get(layer) ?? sources.get(node.name) ?? [layer];
}
