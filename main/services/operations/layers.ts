import type { LayerDetail, LayerTable } from '../../contract/layers.ts';
import type { LayerJson } from '../../contract/layer-json.ts';
import { StudioError } from '../../base/errors.ts';
import type { Model } from '../../engine/graph/ir.ts';
import { changedLayerTable, layerTable, type LayerSide } from '../../engine/layers/layer-table.ts';
import { matchLayers } from '../../engine/layers/match-layers.ts';
import { groupLayers, type Layer } from '../../engine/layers/group-layers.ts';
import { statedInference } from '../../engine/operators/stated-inference.ts';
import { constantsOf, describeNode } from './graph-view.ts';
import { nodesAsJson } from './layer-json.ts';
import { openShared } from './opened-models.ts';
import type { ChangedModel, OperationParams } from './operation-map.ts';
import { sourceMap } from './source-map.ts';
import { sizedModel } from './sized-model.ts';

/** The layers of a model, or of one that was made of another in terms of that one's. */
export async function layers({ path, source, sources }: OperationParams<'layers'>): Promise<LayerTable> {
  const { model } = await openShared(path);
  if (source === null) return ownTable(model);
  const now = sideOf(model);
  return changedLayerTable(sideOf((await openShared(source)).model), now, sourceMap(sources));
}

const tables = new WeakMap<Model, LayerTable>();

/** The table of a model as it was opened; made once while the model is open, since every window asks for it. */
function ownTable(model: Model): LayerTable {
  const table = tables.get(model) ?? layerTable(sideOf(model));
  tables.set(model, table);
  return table;
}

/**
 * The nodes of one layer with their attributes and weights.
 * @throws MODEL_UNKNOWN_LAYER
 */
export async function layer({ layer: name, ...changed }: OperationParams<'layer'>): Promise<LayerDetail> {
  const { model } = await openShared(changed.path);
  const constants = constantsOf(model);
  const nodes = (await computing(model, changed, name)).flatMap((it) => it.nodes);
  return { name, nodes: nodes.map((visited) => describeNode(visited, constants)) };
}

/**
 * One layer as plain data.
 * @throws MODEL_UNKNOWN_LAYER
 */
export async function layerJson({ layer: name, ...changed }: OperationParams<'layerJson'>): Promise<LayerJson> {
  const { model, path, sha256 } = await openShared(changed.path);
  const nodes = (await computing(model, changed, name)).flatMap((it) => it.nodes);
  return { layer: name, source: { path, sha256 }, nodes: nodesAsJson(model, nodes, statedInference(model)) };
}

/** What computes a layer of the source in the changed model; nothing where it is fused into another. */
async function computing(model: Model, { source, sources }: ChangedModel, name: string): Promise<readonly Layer[]> {
  const own = groupLayers(model).ofName(name);
  if (source === null) {
    if (own === undefined) throw unknownLayer(name);
    return [own];
  }
  const match = matchLayers((await openShared(source)).model, model, sourceMap(sources));
  const known = match.source.ofName(name);
  if (known !== undefined) return match.changedOf.get(known) ?? [];
  if (own === undefined) throw unknownLayer(name);
  return [own];
}

function unknownLayer(name: string): StudioError {
  return new StudioError('MODEL_UNKNOWN_LAYER', `The model has no layer '${name}'`);
}

/** Costs are of one sample, with the sizes that a profile would choose. */
function sideOf(model: Model): LayerSide {
  return { model, inference: statedInference(model), costs: sizedModel(model, {}).costs };
}
