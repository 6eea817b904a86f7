import { layeredLayout } from './layered/layered.ts';
import { AFTER_ALL, ANYWHERE, BEFORE_ALL, FIRST, LAST } from './layered/problem.ts';
import type { LayeredProblem, LayeredResult, Spacing } from './layered/problem.ts';
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

interface Placed {
  readonly placed: PlacedContainer;
  readonly crossings: Crossings;
}

/** Room inside a frame: at its sides, under its title, and under its title where edges come in. */
const FRAME = { side: 14, head: 30, crossed: 8, outside: 24 };

/** Shapes are written beside the start of an edge: below a box there is height, to its right there must be width. */
const DOWN: Spacing = { items: 22, lines: 14, ranks: 38, tracks: 9 };
const RIGHT: Spacing = { items: 22, lines: 14, ranks: 84, tracks: 9 };

/** Drawings of single containers by what was asked. */
const remembered = new Map<string, LayeredResult>();
const MOST_REMEMBERED = 400;

/**
 * The drawing of a problem; equal problems are drawn once. Names play no part in them, so that equal groups, of which a large
 * model is made, are laid out once and placed many times.
 */
function solve(problem: LayeredProblem, spacing: Spacing): LayeredResult {
  const { along, across, place, from, to, fromAt, toAt, value } = problem;
  const key = [spacing.ranks, along, across, place, from, to, fromAt, toAt, value].join(';');
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const drawn = layeredLayout(problem, spacing);
  if (remembered.size >= MOST_REMEMBERED) remembered.delete(remembered.keys().next().value!);
  remembered.set(key, drawn);
  return drawn;
}

/**
 * Lays out a container and all that are open inside: innermost first, each by itself as a layered graph with orthogonal
 * edges, then as a box of fixed size with fixed ports in the one around it.
 */
export function placeContainer(container: VisibleContainer, direction: Direction): PlacedContainer {
  return place(container, direction).placed;
}

function place(container: VisibleContainer, direction: Direction): Placed {
  const inner = new Map<string, Placed>();
  for (const item of container.items) if (item.kind === 'container') inner.set(item.id, place(item, direction));
  const down = direction === 'down';
  const asked = problemOf(container, inner, down);
  const drawn = solve(asked.problem, down ? DOWN : RIGHT);
  return read(drawn, container, { inner, asked, down });
}

interface Asked {
  readonly problem: LayeredProblem;
  /** Number of the item that stands for a value's crossing of the frame. */
  readonly entering: ReadonlyMap<string, number>;
  readonly leaving: ReadonlyMap<string, number>;
}

/** The items of a container, then a point for each value that crosses its frame. */
function problemOf(container: VisibleContainer, inner: ReadonlyMap<string, Placed>, down: boolean): Asked {
  const items = container.items.length;
  const total = items + container.entering.length + container.leaving.length;
  const along = new Float64Array(total);
  const across = new Float64Array(total);
  const places = new Uint8Array(total);
  const numbers = new Map<string, number>();
  for (const [index, item] of container.items.entries()) {
    const { width, height } = inner.get(item.id)?.placed ?? (item as VisibleBox);
    along[index] = down ? width : height;
    across[index] = down ? height : width;
    places[index] = item.kind === 'input' ? FIRST : item.kind === 'output' ? LAST : ANYWHERE;
    numbers.set(item.id, index);
  }
  const entering = new Map(container.entering.map((value, index) => [value, items + index]));
  const leaving = new Map(container.leaving.map((value, index) => [value, items + entering.size + index]));
  for (const item of entering.values()) places[item] = BEFORE_ALL;
  for (const item of leaving.values()) places[item] = AFTER_ALL;

  const values = new Map<string, number>();
  const given = givenValues(container);
  const edges = container.pieces.length;
  const from = new Int32Array(edges);
  const to = new Int32Array(edges);
  const fromAt = new Float64Array(edges);
  const toAt = new Float64Array(edges);
  const value = new Int32Array(edges);
  for (const [index, piece] of container.pieces.entries()) {
    from[index] = piece.from === null ? entering.get(piece.value)! : numbers.get(piece.from)!;
    to[index] = piece.to === null ? leaving.get(piece.value)! : numbers.get(piece.to)!;
    if (!values.has(piece.value)) values.set(piece.value, values.size);
    value[index] = values.get(piece.value)!;
    if (piece.from !== null) {
      const own = given.get(piece.from)!;
      fromAt[index] =
        inner.get(piece.from)?.crossings.leaving.get(piece.value) ??
        (along[from[index]!]! * (own.indexOf(piece.value) + 1)) / (own.length + 1);
    }
    if (piece.to !== null) {
      toAt[index] = inner.get(piece.to)?.crossings.entering.get(piece.value) ?? along[to[index]!]! / 2;
    }
  }
  return { problem: { along, across, place: places, from, to, fromAt, toAt, value }, entering, leaving };
}

/** The values that each item gives to others, in the order of their first use: they leave it at evenly spaced places. */
function givenValues(container: VisibleContainer): ReadonlyMap<string, readonly string[]> {
  const given = new Map<string, string[]>();
  for (const { from, value } of container.pieces) {
    if (from === null) continue;
    const known = given.get(from);
    if (known === undefined) given.set(from, [value]);
    else if (!known.includes(value)) known.push(value);
  }
  return given;
}

interface Padding {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** Where values cross the frame the rank of their crossings already keeps the boxes away from it. */
function paddingOf(container: VisibleContainer, down: boolean): Padding {
  const { side, head, crossed, outside } = FRAME;
  if (container.id === '') return { top: outside, left: outside, bottom: outside, right: outside };
  // What a subgraph takes stands in the first rank, beside the crossings: it keeps off the title.
  const enters = container.entering.length > 0 && container.items.every((item) => item.kind !== 'input');
  const leaves = container.leaving.length > 0;
  return down
    ? { top: enters ? crossed : head, left: side, bottom: leaves ? 0 : side, right: side }
    : { top: head, left: enters ? 0 : side, bottom: side, right: leaves ? 0 : side };
}

interface Answer {
  readonly inner: ReadonlyMap<string, Placed>;
  readonly asked: Asked;
  readonly down: boolean;
}

/** A title takes so much of a frame's width at least, however narrow what it holds. */
const TITLE_LETTER = 6.5;

function read(drawn: LayeredResult, container: VisibleContainer, { inner, asked, down }: Answer): Placed {
  const padding = paddingOf(container, down);
  const title = container.id === '' ? 0 : Math.min(240, 24 + container.title.length * TITLE_LETTER);
  const content = down ? drawn.extentAlong : drawn.extentAcross;
  const width = Math.max(title, content + padding.left + padding.right);
  const left = padding.left + (width - content - padding.left - padding.right) / 2;
  const height = (down ? drawn.extentAcross : drawn.extentAlong) + padding.top + padding.bottom;
  const startAlong = down ? left : padding.top;
  const startAcross = down ? padding.top : left;
  const end = down ? height : width;
  const boxes: { box: VisibleBox; x: number; y: number }[] = [];
  const containers: { container: PlacedContainer; x: number; y: number }[] = [];
  for (const [index, item] of container.items.entries()) {
    const along = drawn.along[index]! + startAlong;
    const across = drawn.across[index]! + startAcross;
    const [x, y] = down ? [along, across] : [across, along];
    const open = inner.get(item.id);
    if (open !== undefined) containers.push({ container: open.placed, x, y });
    else boxes.push({ box: item as VisibleBox, x, y });
  }
  const alongOf = (item: number): number => drawn.along[item]! + startAlong;
  const pieces = container.pieces.map((piece, index): PlacedPiece => {
    const route = drawn.routes[index]!;
    const points: number[] = [];
    const put = (along: number, across: number): void =>
      void (down ? points.push(along, across) : points.push(across, along));
    // Pieces over the frame are drawn out to it.
    if (piece.from === null) put(alongOf(asked.entering.get(piece.value)!), 0);
    for (let at = 0; at + 1 < route.length; at += 2) put(route[at]! + startAlong, route[at + 1]! + startAcross);
    if (piece.to === null) put(alongOf(asked.leaving.get(piece.value)!), end);
    return {
      value: piece.value,
      source: piece.source,
      targets: piece.targets,
      ends: piece.to !== null && !inner.has(piece.to),
      begins: piece.from !== null && !inner.has(piece.from),
      points,
    };
  });
  const { id, title: text, layers } = container;
  return {
    placed: { id, title: text, layers, width, height, boxes, containers, pieces },
    crossings: {
      entering: new Map([...asked.entering].map(([value, item]) => [value, alongOf(item)])),
      leaving: new Map([...asked.leaving].map(([value, item]) => [value, alongOf(item)])),
    },
  };
}
