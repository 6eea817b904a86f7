import type { Comparison } from '../../contract/studio.ts';
import type { LayerInfo, Profile } from '../../contract/results.ts';
import type { Attribute, Model, Node } from '../../engine/graph/ir.ts';
import { tensorBytes } from '../../engine/graph/tensor-data.ts';
import { walkNodes } from '../../engine/graph/walk.ts';
import { hasTrait } from '../../engine/operators/ask.ts';
import { attributeText } from './attribute-text.ts';
import { constantsOf } from './graph-view.ts';
import { inspect } from './inspect.ts';
import { openShared } from './opened-models.ts';
import { metricRows, type Totals } from './metric-rows.ts';
import type { CompareSide, OperationParams } from './operation-map.ts';

interface Side {
  readonly model: Model;
  readonly layers: ReadonlyMap<string, LayerInfo>;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly times: ReadonlyMap<string, number>;
  readonly totals: Totals;
}

type LayerRow = Comparison['layers'][number];

/** Two models side by side: their numbers, and their layers matched by name, then by what they give. */
export async function compare({ a, b, pairs, keys }: OperationParams<'compare'>): Promise<Comparison> {
  const [sideA, sideB] = await Promise.all([readSide(a), readSide(b)]);
  return {
    a: { id: a.id, name: a.name },
    b: { id: b.id, name: b.name },
    metrics: metricRows(
      { measurements: a.measurements, totals: sideA.totals },
      { measurements: b.measurements, totals: sideB.totals },
      { pairs, keys },
    ),
    layers: layerRows(sideA, sideB),
  };
}

async function readSide({ path, profile }: CompareSide): Promise<Side> {
  const { model, bytes, externalBytes } = await openShared(path);
  const { layers, parameters, macs, nodes } = await inspect({ path, dims: profile?.dims ?? {}, scanWeights: false });
  return {
    model,
    layers: new Map(layers.map((layer) => [layer.name, layer])),
    nodes: new Map([...walkNodes(model)].map(({ layer, node }) => [layer, node])),
    times: timesOf(profile),
    totals: { parameters, macs, bytes: bytes + externalBytes, nodes },
  };
}

function timesOf(profile: Profile | null): ReadonlyMap<string, number> {
  return new Map((profile?.layers ?? []).map(({ name, timeMs }) => [name, timeMs]));
}

/** Layers of A in order, each with its partner in B; then those that only B has. */
function layerRows(a: Side, b: Side): LayerRow[] {
  const partners = matchLayers(a, b);
  const rows = [...a.layers.keys()].map((name) => layerRow(a, name, b, partners.get(name)));
  const matched = new Set(partners.values());
  const added = [...b.layers.keys()]
    .filter((name) => !matched.has(name))
    .map((name) => layerRow(a, undefined, b, name));
  return [...rows, ...added];
}

/** By name and operator; what stays, by the value it gives, since optimisers rename nodes more readily than values. */
function matchLayers(a: Side, b: Side): ReadonlyMap<string, string> {
  const partners = new Map<string, string>();
  const taken = new Set<string>();
  const pair = (nameA: string, nameB: string): void => {
    partners.set(nameA, nameB);
    taken.add(nameB);
  };
  for (const name of a.layers.keys()) if (b.layers.has(name)) pair(name, name);
  const byOutput = new Map<string, string>();
  for (const [name, node] of b.nodes) {
    const output = node.outputs[0];
    if (!taken.has(name) && output !== undefined) byOutput.set(`${node.opType} ${output}`, name);
  }
  for (const [name, node] of a.nodes) {
    if (partners.has(name)) continue;
    const partner = byOutput.get(`${node.opType} ${node.outputs[0] ?? ''}`);
    if (partner !== undefined && !taken.has(partner)) pair(name, partner);
  }
  return partners;
}

function layerRow(a: Side, nameA: string | undefined, b: Side, nameB: string | undefined): LayerRow {
  const layerA = nameA === undefined ? undefined : a.layers.get(nameA);
  const layerB = nameB === undefined ? undefined : b.layers.get(nameB);
  const both = nameA !== undefined && nameB !== undefined;
  const changes = both ? changesOf(a, nameA, b, nameB) : [];
  const status = both ? (changes.length === 0 ? 'same' : 'changed') : nameA === undefined ? 'added' : 'removed';
  return {
    name: nameA ?? nameB ?? '',
    status,
    opA: layerA?.op ?? null,
    opB: layerB?.op ?? null,
    timeAMs: a.times.get(nameA ?? '') ?? null,
    timeBMs: b.times.get(nameB ?? '') ?? null,
    parametersA: layerA?.parameters ?? null,
    parametersB: layerB?.parameters ?? null,
    changes,
  };
}

function changesOf(a: Side, nameA: string, b: Side, nameB: string): string[] {
  const nodeA = a.nodes.get(nameA);
  const nodeB = b.nodes.get(nameB);
  if (nodeA === undefined || nodeB === undefined) return [];
  const changes: string[] = [];
  if (nodeA.opType !== nodeB.opType || nodeA.domain !== nodeB.domain) changes.push('operator');
  if (attributesText(nodeA.attributes) !== attributesText(nodeB.attributes)) changes.push('attributes');
  if (outputText(a.layers.get(nameA)) !== outputText(b.layers.get(nameB))) changes.push('output shape or type');
  if (weightsDiffer(a.model, nodeA, b.model, nodeB)) changes.push('weights');
  if (nodeA.inputs.length !== nodeB.inputs.length || quantizedInputs(a, nodeA) !== quantizedInputs(b, nodeB)) {
    changes.push('inputs');
  }
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

/** Which operators feed the inputs, as far as quantization goes: a DequantizeLinear in between changes the layer. */
function quantizedInputs(side: Side, node: Node): string {
  const producers = producersOf(side);
  return node.inputs.map((input) => (hasTrait(producers.get(input), 'dequantizes') ? 'q' : '-')).join('');
}

const producersBySide = new WeakMap<Side, ReadonlyMap<string, Node>>();
function producersOf(side: Side): ReadonlyMap<string, Node> {
  const known = producersBySide.get(side);
  if (known !== undefined) return known;
  const producers = new Map(
    [...side.nodes.values()].flatMap((node) => node.outputs.map((output) => [output, node] as const)),
  );
  producersBySide.set(side, producers);
  return producers;
}

function weightsDiffer(modelA: Model, nodeA: Node, modelB: Model, nodeB: Node): boolean {
  const constantsA = cachedConstants(modelA);
  const constantsB = cachedConstants(modelB);
  return nodeA.inputs.some((input, index) => {
    const tensorA = constantsA.get(input);
    const tensorB = constantsB.get(nodeB.inputs[index] ?? '');
    if (tensorA === undefined || tensorB === undefined) return tensorA !== tensorB;
    if (tensorA.dtype !== tensorB.dtype || tensorA.dims.join() !== tensorB.dims.join()) return true;
    const bytesA = tensorBytes(tensorA);
    const bytesB = tensorBytes(tensorB);
    return Buffer.compare(bytesA, bytesB) !== 0;
  });
}

const constantsByModel = new WeakMap<Model, ReturnType<typeof constantsOf>>();
function cachedConstants(model: Model): ReturnType<typeof constantsOf> {
  const known = constantsByModel.get(model);
  if (known !== undefined) return known;
  const constants = constantsOf(model);
  constantsByModel.set(model, constants);
  return constants;
}
