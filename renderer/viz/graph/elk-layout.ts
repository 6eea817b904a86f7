import type { ELK, ElkExtendedEdge, ElkNode, ElkPort } from 'elkjs/lib/elk-api.js';
import type { VisibleBox, VisibleContainer } from './visible-graph.ts';

export type Direction = 'down' | 'right';

/** A container with places: coordinates are relative to the container's own top left corner. */
export interface PlacedContainer {
  readonly id: string;
  readonly title: string;
  readonly layers: number;
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly { readonly box: VisibleBox; readonly x: number; readonly y: number }[];
  readonly containers: readonly { readonly container: PlacedContainer; readonly x: number; readonly y: number }[];
  readonly pieces: readonly PlacedPiece[];
}

export interface PlacedPiece {
  readonly value: string;
  readonly source: string;
  readonly targets: readonly string[];
  /** Whether it ends at a box (an arrow is drawn) or goes on over a frame. */
  readonly ends: boolean;
  /** Whether it begins at a box (the shape is written there). */
  readonly begins: boolean;
  /** x0, y0, x1, y1 … */
  readonly points: readonly number[];
}

/** Where the values cross the frame of a container: distance along its first or last side. */
interface Crossings {
  readonly entering: ReadonlyMap<string, number>;
  readonly leaving: ReadonlyMap<string, number>;
}

/** Room inside a frame: at its sides, under its title, and under its title where edges come in. */
const FRAME = { side: 14, head: 30, crossed: 8 };

/** Above this many items the slower, prettier phases of the layout are left out; measured with DenseNet-121 (1,746). */
const LARGE = 250;

/** Layouts of single containers by what was asked of ELK; a deep one takes some 100 KB. */
const remembered = new Map<string, ElkNode>();
const MOST_REMEMBERED = 400;

/**
 * ELK's answer; equal questions are asked once. Names play no part in them, so that equal groups, of which a large model is
 * made, are laid out once and placed many times.
 */
async function solve(elk: ELK, graph: ElkNode): Promise<ElkNode> {
  const key = JSON.stringify(graph);
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const laid = await elk.layout(graph);
  if (remembered.size >= MOST_REMEMBERED) remembered.delete(remembered.keys().next().value!);
  remembered.set(key, laid);
  return laid;
}

/**
 * Lays out a container and all that are open inside: innermost first, each by itself as a layered graph with orthogonal
 * edges, then as a box of fixed size with fixed ports in the one around it.
 * @see Sugiyama, Tagawa, Toda 1981; the phases are those of the Eclipse Layout Kernel
 */
export async function layoutContainer(
  elk: ELK,
  container: VisibleContainer,
  direction: Direction,
): Promise<PlacedContainer> {
  return (await place(elk, container, direction)).placed;
}

async function place(
  elk: ELK,
  container: VisibleContainer,
  direction: Direction,
): Promise<{ readonly placed: PlacedContainer; readonly crossings: Crossings }> {
  const inner = new Map<string, { readonly placed: PlacedContainer; readonly crossings: Crossings }>();
  for (const item of container.items)
    if (item.kind === 'container') inner.set(item.id, await place(elk, item, direction));

  const down = direction === 'down';
  const children: ElkNode[] = [];
  const ids = new Ids();
  for (const item of container.items) {
    const open = inner.get(item.id);
    children.push(
      open === undefined
        ? boxNode(item as VisibleBox, container, ids, down)
        : containerNode(open.placed, open.crossings, ids, down),
    );
  }
  for (const value of container.entering) children.push(crossingNode(ids, 'enter', value, down));
  for (const value of container.leaving) children.push(crossingNode(ids, 'leave', value, down));
  const edges: ElkExtendedEdge[] = container.pieces.map((piece, index) => ({
    id: `e${index}`,
    sources: [
      piece.from === null ? ids.of('port-enter', piece.value) : portId(piece.from, 'out', piece.value, inner, ids),
    ],
    targets: [piece.to === null ? ids.of('port-leave', piece.value) : portId(piece.to, 'in', piece.value, inner, ids)],
  }));

  const laid = await solve(elk, { id: 'root', layoutOptions: layoutOptions(container, down), children, edges });
  return read(laid, container, { inner, ids, down });
}

/** Short ids for ELK: names of values may hold anything. */
class Ids {
  readonly #ids = new Map<string, string>();
  of(kind: string, name: string): string {
    const key = `${kind}\u0000${name}`;
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = `n${this.#ids.size}`;
      this.#ids.set(key, id);
    }
    return id;
  }
}

function portId(
  item: string,
  side: 'in' | 'out',
  value: string,
  inner: ReadonlyMap<string, unknown>,
  ids: Ids,
): string {
  return ids.of(`port-${side}`, inner.has(item) || side === 'out' ? `${item}\u0000${value}` : item);
}

/** Inputs meet in the middle of the first side; outputs that are used leave from evenly spaced places of the last. */
function boxNode(box: VisibleBox, container: VisibleContainer, ids: Ids, down: boolean): ElkNode {
  const values = [...new Set(container.pieces.filter((piece) => piece.from === box.id).map((piece) => piece.value))];
  const along = down ? box.width : box.height;
  const ports: ElkPort[] = [portAt(ids.of('port-in', box.id), along / 2, { box, first: true, down })];
  for (const [index, value] of values.entries()) {
    const at = (along * (index + 1)) / (values.length + 1);
    ports.push(portAt(ids.of('port-out', `${box.id}\u0000${value}`), at, { box, first: false, down }));
  }
  return {
    id: ids.of('item', box.id),
    width: box.width,
    height: box.height,
    ports,
    layoutOptions: {
      'elk.portConstraints': 'FIXED_POS',
      ...(box.kind === 'input' ? { 'elk.layered.layering.layerConstraint': 'FIRST' } : {}),
      ...(box.kind === 'output' ? { 'elk.layered.layering.layerConstraint': 'LAST' } : {}),
    },
  };
}

function containerNode(placed: PlacedContainer, crossings: Crossings, ids: Ids, down: boolean): ElkNode {
  const ports = [
    ...[...crossings.entering].map(([value, at]) =>
      portAt(ids.of('port-in', `${placed.id}\u0000${value}`), at, { box: placed, first: true, down }),
    ),
    ...[...crossings.leaving].map(([value, at]) =>
      portAt(ids.of('port-out', `${placed.id}\u0000${value}`), at, { box: placed, first: false, down }),
    ),
  ];
  return {
    id: ids.of('item', placed.id),
    width: placed.width,
    height: placed.height,
    ports,
    layoutOptions: { 'elk.portConstraints': 'FIXED_POS' },
  };
}

function portAt(
  id: string,
  along: number,
  place: {
    readonly box: { readonly width: number; readonly height: number };
    readonly first: boolean;
    readonly down: boolean;
  },
): ElkPort {
  const { box, first, down } = place;
  const across = first ? 0 : down ? box.height : box.width;
  const side = down ? (first ? 'NORTH' : 'SOUTH') : first ? 'WEST' : 'EAST';
  return {
    id,
    width: 0,
    height: 0,
    x: down ? along : across,
    y: down ? across : along,
    layoutOptions: { 'elk.port.side': side },
  };
}

/** A point on the frame: a box without size, with its one port in the middle so that all its edges leave as one line. */
function crossingNode(ids: Ids, kind: 'enter' | 'leave', value: string, down: boolean): ElkNode {
  const box = { width: 1, height: 1 };
  return {
    id: ids.of(kind, value),
    ...box,
    ports: [portAt(ids.of(`port-${kind}`, value), 0.5, { box, first: kind === 'leave', down })],
    layoutOptions: {
      'elk.layered.layering.layerConstraint': kind === 'enter' ? 'FIRST_SEPARATE' : 'LAST_SEPARATE',
      'elk.portConstraints': 'FIXED_POS',
    },
  };
}

function layoutOptions(container: VisibleContainer, down: boolean): Record<string, string> {
  const large = container.items.length > LARGE;
  const padding = paddingOf(container, down);
  return {
    'elk.algorithm': 'layered',
    'elk.direction': down ? 'DOWN' : 'RIGHT',
    'elk.edgeRouting': 'ORTHOGONAL',
    'elk.padding': padding,
    'elk.spacing.nodeNode': '22',
    'elk.spacing.edgeNode': '14',
    'elk.spacing.edgeEdge': '9',
    // Shapes are written beside the start of an edge: below a box there is height, to its right there must be width.
    'elk.layered.spacing.nodeNodeBetweenLayers': down ? '38' : '84',
    'elk.layered.spacing.edgeNodeBetweenLayers': '17',
    'elk.layered.spacing.edgeEdgeBetweenLayers': '8',
    'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF',
    'elk.layered.nodePlacement.bk.fixedAlignment': 'BALANCED',
    'elk.layered.thoroughness': large ? '1' : '7',
    // The file's order is a good start: DenseNet-121 comes out half as wide.
    ...(large ? { 'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES' } : {}),
    'elk.layered.crossingMinimization.greedySwitch.type': large ? 'OFF' : 'TWO_SIDED',
    'elk.layered.layering.strategy': 'NETWORK_SIMPLEX',
    'elk.separateConnectedComponents': 'true',
    'elk.randomSeed': '1',
  };
}

/** Where values cross the frame the layer of their crossings already keeps the boxes away from it. */
function paddingOf(container: VisibleContainer, down: boolean): string {
  if (container.id === '') return '[top=24,left=24,bottom=24,right=24]';
  const first = container.entering.length > 0 ? 2 : FRAME.side;
  const last = container.leaving.length > 0 ? 2 : FRAME.side;
  return down
    ? `[top=${container.entering.length > 0 ? FRAME.crossed : FRAME.head},left=${FRAME.side},bottom=${last},right=${FRAME.side}]`
    : `[top=${FRAME.head},left=${first},bottom=${FRAME.side},right=${last}]`;
}

function read(
  laid: ElkNode,
  container: VisibleContainer,
  context: {
    readonly inner: ReadonlyMap<string, { readonly placed: PlacedContainer }>;
    readonly ids: Ids;
    readonly down: boolean;
  },
): { readonly placed: PlacedContainer; readonly crossings: Crossings } {
  const { inner, ids, down } = context;
  const nodes = new Map((laid.children ?? []).map((node) => [node.id, node]));
  const at = (id: string): { x: number; y: number } => {
    const node = nodes.get(id);
    return { x: node?.x ?? 0, y: node?.y ?? 0 };
  };
  const alongOf = (kind: string, value: string): number => {
    const { x, y } = at(ids.of(kind, value));
    return (down ? x : y) + 0.5;
  };
  const width = laid.width ?? 0;
  const height = laid.height ?? 0;
  const end = down ? height : width;
  const boxes: { box: VisibleBox; x: number; y: number }[] = [];
  const containers: { container: PlacedContainer; x: number; y: number }[] = [];
  for (const item of container.items) {
    const { x, y } = at(ids.of('item', item.id));
    const open = inner.get(item.id);
    if (open !== undefined) containers.push({ container: open.placed, x, y });
    else boxes.push({ box: item as VisibleBox, x, y });
  }
  const pieces = container.pieces.map((piece, index): PlacedPiece => {
    const section = laid.edges?.[index]?.sections?.[0];
    const route = section === undefined ? [] : [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
    const points = route.flatMap(({ x, y }) => [x, y]);
    // Pieces over the frame are drawn out to it.
    if (piece.from === null && route.length > 0) {
      const along = alongOf('enter', piece.value);
      points.unshift(...(down ? [along, 0, along, points[1] ?? 0] : [0, along, points[0] ?? 0, along]));
    }
    if (piece.to === null && route.length > 0) {
      const along = alongOf('leave', piece.value);
      points.push(...(down ? [along, points.at(-1) ?? 0, along, end] : [points.at(-2) ?? 0, along, end, along]));
    }
    return {
      value: piece.value,
      source: piece.source,
      targets: piece.targets,
      ends: piece.to !== null && !inner.has(piece.to),
      begins: piece.from !== null && !inner.has(piece.from),
      points,
    };
  });
  return {
    placed: {
      id: container.id,
      title: container.title,
      layers: container.layers,
      width,
      height,
      boxes,
      containers,
      pieces,
    },
    crossings: {
      entering: new Map(container.entering.map((value) => [value, alongOf('enter', value)])),
      leaving: new Map(container.leaving.map((value) => [value, alongOf('leave', value)])),
    },
  };
}
