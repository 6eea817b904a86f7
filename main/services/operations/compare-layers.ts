import type { LayerInfo, Profile, ProfileLayer } from '../../contract/results.ts';
import type { Comparison, MatchedBy } from '../../contract/studio.ts';
import type { Attribute, Model, Node, Tensor } from '../../engine/graph/ir.ts';
import { tensorBytes } from '../../engine/graph/tensor-data.ts';
import type { Layer } from '../../engine/layers/group-layers.ts';
import { compareWeights, type ShapeChange } from '../../engine/layers/weight-distance.ts';
import { alignModels } from '../../engine/layers/align-models.ts';
import { matchLayers, type LayerMatch } from '../../engine/layers/match-layers.ts';
import { relativeSources } from '../../engine/layers/relative-sources.ts';
import type { Sources } from '../../engine/passes/pass.ts';
import { formatBytes, formatCompact, formatShape } from '../../judge/format.ts';
import { attributeText } from './attribute-text.ts';
import { constantsOf } from './graph-view.ts';

type ComparedLayer = Comparison['layers'][number];

/** A model with what is known of its nodes and times. */
export interface ComparedModel {
  readonly model: Model;
  /** Rows of `inspect`. */
  readonly rows: readonly LayerInfo[];
  readonly profile: Profile | null;
  /** What its nodes stand for in the model that both were made of. */
  readonly sources: Sources;
}

/**
 * Layers of A in order, each with what it is in B; then those that only B has.
 * @param related whether both were made of one model; else they are matched by what they are
 */
export function compareLayers(
  a: ComparedModel,
  b: ComparedModel,
  { related }: { readonly related: boolean },
): ComparedLayer[] {
  const aligned = related ? null : alignModels(a.model, b.model);
  const match =
    aligned === null
      ? matchLayers(a.model, b.model, relativeSources(a, b))
      : matchLayers(a.model, b.model, aligned.sources, { complete: true });
  const sides = [sideOf(a), sideOf(b)] as const;
  const rows = match.source.all.map((layer) => {
    const partner = match.changedOf.get(layer)?.[0];
    const matchedBy = partner === undefined ? null : (aligned?.by.get(partner.name) ?? ('recipe' satisfies MatchedBy));
    const nameB = partner === undefined || partner.name === layer.name ? null : partner.name;
    const othersB = (match.changedOf.get(layer) ?? []).slice(1).map(({ name }) => name);
    return { ...compareOne(layer, match, sides), matchedBy, nameB, othersB };
  });
  const added = match.changed.all.filter((layer) => match.sourcesOf.get(layer)!.length === 0);
  return [...rows, ...added.map((layer) => rowOf(layer.name, 'added', [null, partOf([layer], sides[1])], []))];
}

interface Side {
  readonly rows: ReadonlyMap<string, LayerInfo>;
  readonly times: ReadonlyMap<string, ProfileLayer>;
  readonly constants: ReadonlyMap<string, Tensor>;
}

function sideOf({ model, rows, profile }: ComparedModel): Side {
  return {
    rows: new Map(rows.map((row) => [row.name, row])),
    times: new Map((profile?.layers ?? []).map((layer) => [layer.name, layer])),
    constants: constantsOf(model),
  };
}

/** What one model has of a layer. */
interface Part {
  readonly op: string;
  readonly precision: string | null;
  readonly parameters: number;
  readonly parameterBytes: number;
  readonly timeMs: number | null;
  /** The layer, by its name in this model, whose kernels compute this one too. */
  readonly fused: { readonly into: string; readonly timeMs: number | null } | null;
}

function partOf(layers: readonly Layer[], { rows, times }: Side): Part | null {
  const [first] = layers;
  if (first === undefined) return null;
  const nodes = layers.flatMap((layer) => layer.nodes.flatMap((node) => rows.get(node.layer) ?? []));
  const timed = layers.flatMap((layer) => times.get(layer.name) ?? []);
  const into = timed.length > 0 && timed.every((it) => it.timeMs === 0) ? timed[0]?.fusedInto : null;
  return {
    op: first.main.node.opType,
    precision: rows.get(first.name)?.precision ?? null,
    parameters: nodes.reduce((sum, node) => sum + node.parameters, 0),
    parameterBytes: nodes.reduce((sum, node) => sum + node.parameterBytes, 0),
    timeMs: timed.length === 0 || into ? null : timed.reduce((sum, layer) => sum + layer.timeMs, 0),
    fused: into ? { into, timeMs: times.get(into)?.timeMs ?? null } : null,
  };
}

function compareOne(layer: Layer, match: LayerMatch, [a, b]: readonly [Side, Side]): ComparedLayer {
  const partA = partOf([layer], a);
  const now = match.changedOf.get(layer) ?? [];
  const found = partOf(now, b);
  const partB = found === null ? null : { ...found, fused: inWordsOf(found.fused, match) };
  if (partA !== null && partB !== null) {
    const { distance, shapes } = compareWeights(layer, now[0]!);
    const changes = [...changesOf([layer, partA, a], [now[0]!, partB, b]), ...shapes.map(shapeText)];
    const status = changes.length === 0 ? 'same' : 'changed';
    return { ...rowOf(layer.name, status, [partA, partB], changes), weights: distance };
  }
  const host = match.fusedInto.get(layer);
  if (host === undefined) return rowOf(layer.name, 'removed', [partA, null], []);
  const timeMs = partOf(match.changedOf.get(host) ?? [], b)?.timeMs ?? null;
  const row = rowOf(layer.name, 'changed', [partA, null], [`fused into ${host.name}`]);
  return { ...row, opB: layer.main.node.opType, fusedB: { into: host.name, timeMs } };
}

/** Names of B's layers are told as A has them. */
function inWordsOf(fused: Part['fused'], { changed, sourcesOf }: LayerMatch): Part['fused'] {
  if (fused === null) return null;
  const layer = changed.ofName(fused.into);
  const [source] = layer === undefined ? [] : (sourcesOf.get(layer) ?? []);
  return { ...fused, into: source?.name ?? fused.into };
}

function rowOf(
  name: string,
  status: ComparedLayer['status'],
  [a, b]: readonly [Part | null, Part | null],
  changes: readonly string[],
): ComparedLayer {
  return {
    name,
    status,
    opA: a?.op ?? null,
    opB: b?.op ?? null,
    precisionA: a?.precision ?? null,
    precisionB: b?.precision ?? null,
    timeAMs: a?.timeMs ?? null,
    timeBMs: b?.timeMs ?? null,
    fusedA: a?.fused ?? null,
    fusedB: b?.fused ?? null,
    parametersA: a?.parameters ?? null,
    parametersB: b?.parameters ?? null,
    parameterBytesA: a?.parameterBytes ?? null,
    parameterBytesB: b?.parameterBytes ?? null,
    matchedBy: null,
    nameB: null,
    othersB: [],
    weights: null,
    changes: [...changes],
  };
}

function shapeText({ role, a, b }: ShapeChange): string {
  return `${role} ${formatShape(a)} → ${formatShape(b)}`;
}

/** What is different of a layer in B, as said to people. */
function changesOf(
  [layerA, a, sideA]: readonly [Layer, Part, Side],
  [layerB, b, sideB]: readonly [Layer, Part, Side],
): string[] {
  const [nodeA, nodeB] = [layerA.main.node, layerB.main.node];
  const changes: string[] = [];
  const converted = a.precision !== b.precision && b.precision !== null;
  if (converted) {
    changes.push(b.parameterBytes > 0 ? `${b.precision}, weights ${formatBytes(b.parameterBytes)}` : b.precision);
  }
  if (a.op !== b.op || nodeA.domain !== nodeB.domain) changes.push('operator');
  if (attributesText(nodeA.attributes) !== attributesText(nodeB.attributes)) changes.push('attributes');
  if (outputText(sideA.rows.get(layerA.name)) !== outputText(sideB.rows.get(layerB.name))) {
    changes.push('output shape or type');
  }
  if (a.parameters !== b.parameters) {
    changes.push(`parameters ${formatCompact(a.parameters)} → ${formatCompact(b.parameters)}`);
  } else if (!converted && weightsDiffer([nodeA, sideA], [nodeB, sideB])) changes.push('weights');
  return changes;
}

function attributesText(attributes: readonly Attribute[]): string {
  return attributes
    .map((attribute) => `${attribute.name}=${attributeText(attribute)}`)
    .toSorted()
    .join('\n');
}

function outputText(layer: LayerInfo | undefined): string {
  return (layer?.outputs ?? []).map(({ dtype, shape }) => `${dtype}[${shape?.join() ?? ''}]`).join();
}

function weightsDiffer([nodeA, a]: readonly [Node, Side], [nodeB, b]: readonly [Node, Side]): boolean {
  return nodeA.inputs.some((input, index) => {
    const tensorA = a.constants.get(input);
    const tensorB = b.constants.get(nodeB.inputs[index] ?? '');
    if (tensorA === undefined || tensorB === undefined) return tensorA !== tensorB;
    if (tensorA.dtype !== tensorB.dtype || tensorA.dims.join() !== tensorB.dims.join()) return true;
    return Buffer.compare(tensorBytes(tensorA), tensorBytes(tensorB)) !== 0;
  });
}
