/** How the differences of two models look on a graph: a colour, a sign, and from afar a shape. */
import { formatDb } from '../../../main/judge/format.ts';
import { textOn } from '../../viz/color-maps.ts';
import type { BoxOverlay, BoxOverlays, EdgeLook } from '../../viz/graph/draw.ts';
import type { PictureLegend } from '../../viz/graph/draw-legend.ts';
import type { GraphSource } from '../../viz/graph/graph-source.ts';
import { groupsIn } from '../../viz/graph/scope-tree.ts';
import type { ScopeGroup, ScopeItem } from '../../viz/graph/scope-tree.ts';
import type { CompareRow } from './model.ts';

type Status = CompareRow['status'];

interface Look {
  /** Null: not coloured. */
  readonly color: string | null;
  readonly sign: string;
  readonly title: string;
  /** Its shape from afar. */
  readonly cut: 'hole' | 'half' | undefined;
}

/** Told apart with every kind of colour blindness, and by sign and shape without colours. */
export const LOOKS: Readonly<Record<Status, Look>> = {
  same: { color: null, sign: '=', title: 'the same', cut: undefined },
  changed: { color: '#e0a800', sign: '≠', title: 'changed', cut: 'half' },
  removed: { color: '#d0562a', sign: 'only A', title: 'only in A', cut: 'hole' },
  added: { color: '#2f7fd1', sign: 'only B', title: 'only in B', cut: undefined },
};

/** What the colours of a picture mean. */
export function diffLegend(counts: StatusCounts, title: string): PictureLegend {
  const items = (['same', 'changed', 'removed', 'added'] as const).map((status) => ({
    color: LOOKS[status].color,
    text: `${LOOKS[status].sign}  ${LOOKS[status].title}: ${counts[status]}`,
  }));
  return { title, items, scale: null, source: '' };
}

/** Edges that only one of the models has. */
export const EDGE_LOOKS: Readonly<Record<'a' | 'b', EdgeLook>> = {
  a: { color: LOOKS.removed.color!, dash: [2, 4] },
  b: { color: LOOKS.added.color!, dash: [8, 4] },
};

/** What each layer is in the comparison. */
export type StatusOf = (layer: string) => Pick<CompareRow, 'status' | 'weights'> | undefined;

/** Colour and sign of layers and groups, found out for those that are drawn. */
export function diffOverlays(statusOf: StatusOf, tree: ScopeGroup): BoxOverlays {
  const known = new Map<string, BoxOverlay | undefined>();
  const find = (id: string): BoxOverlay | undefined => {
    const group = groupsIn(tree).get(id);
    if (group !== undefined) return groupLook(countIn(group, statusOf));
    const layer = statusOf(id);
    if (layer === undefined) return undefined;
    const { status, weights } = layer;
    const text =
      status === 'changed' && weights !== null ? `≠ ${formatDb(Math.min(weights.sqnrDb, 200))}` : LOOKS[status].sign;
    return lookOf(status, text);
  };
  return {
    cuts: true,
    get: (id) => {
      if (!known.has(id)) known.set(id, find(id));
      return known.get(id);
    },
  };
}

export type StatusCounts = Readonly<Record<Status, number>>;

/** How many layers of each status are in a group. */
export function countIn(group: ScopeGroup, statusOf: StatusOf): StatusCounts {
  const counts = { same: 0, changed: 0, added: 0, removed: 0 };
  const visit = (item: ScopeItem): void => {
    if (item.kind === 'group') item.children.forEach(visit);
    else {
      const status = statusOf(item.id)?.status;
      if (status !== undefined) counts[status] += 1;
    }
  };
  visit(group);
  return counts;
}

/** A group is what all of its layers are, else changed. */
function groupLook(counts: StatusCounts): BoxOverlay {
  const total = counts.same + counts.changed + counts.added + counts.removed;
  const only = (['same', 'added', 'removed'] as const).find((status) => counts[status] === total);
  if (only !== undefined) return lookOf(only, LOOKS[only].sign);
  return lookOf('changed', `≠ ${total - counts.same} of ${total}`);
}

function lookOf(status: Status, text: string): BoxOverlay {
  const { color, cut } = LOOKS[status];
  return { fill: color, textColor: color === null ? '' : textOn(color), text, ...(cut === undefined ? {} : { cut }) };
}

/** The boxes with what changed written under the names. */
export function withChanges(source: GraphSource, rowOf: (layer: string) => CompareRow | undefined): GraphSource {
  const nodes = source.nodes.map((node) => {
    const row = rowOf(node.name);
    const changes = row?.status === 'changed' ? row.changes : [];
    return changes.length === 0
      ? node
      : { ...node, rows: [...node.rows, ...changes.slice(0, 4).map((text) => ({ label: '≠', text }))] };
  });
  return { ...source, nodes };
}
