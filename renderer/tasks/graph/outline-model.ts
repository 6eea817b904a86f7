import type { OperatorCategory } from '../../../main/contract/layer-words.ts';
import type { LayerFacts } from '../../state/layer-facts.ts';
import { buildScopeTree } from '../../viz/graph/scope-tree.ts';
import type { ScopeGroup } from '../../viz/graph/scope-tree.ts';

/** One line of the outline. */
export type OutlineRow =
  | {
      readonly kind: 'group';
      readonly id: string;
      readonly title: string;
      readonly depth: number;
      readonly open: boolean;
      readonly layers: number;
    }
  | {
      readonly kind: 'layer';
      readonly id: string;
      readonly title: string;
      readonly depth: number;
      readonly op: string;
      readonly category: OperatorCategory;
    };

/** The scope tree of all layers, constants too. */
export function outlineTree(layers: readonly LayerFacts[]): ScopeGroup {
  return buildScopeTree({ nodes: layers.map((layer) => ({ ...layer, rows: [] })) });
}

/** The lines of the tree with the given groups open. */
export function outlineRows(tree: ScopeGroup, open: ReadonlySet<string>): readonly OutlineRow[] {
  const rows: OutlineRow[] = [];
  const visit = (group: ScopeGroup, depth: number): void => {
    for (const child of group.children) {
      if (child.kind === 'leaf') {
        const { op, category } = child.node;
        rows.push({ kind: 'layer', id: child.id, title: shortName(child.id, group.id), depth, op, category });
        continue;
      }
      const isOpen = open.has(child.id);
      rows.push({ kind: 'group', id: child.id, title: child.title, depth, open: isOpen, layers: child.layers });
      if (isOpen) visit(child, depth + 1);
    }
  };
  visit(tree, 0);
  return rows;
}

/** The lines of a search: matching layers under their full names. */
export function searchRows(layers: readonly LayerFacts[], test: (layer: LayerFacts) => boolean): readonly OutlineRow[] {
  return layers
    .filter(test)
    .map(({ name, op, category }) => ({ kind: 'layer', id: name, title: name, depth: 0, op, category }));
}

/** A layer's name without what its group says already: "/layer1/0/conv1/Conv" in "layer1/0" → "conv1/Conv". */
export function shortName(name: string, group: string): string {
  const bare = name.startsWith('/') ? name.slice(1) : name;
  return group !== '' && bare.startsWith(`${group}/`) ? bare.slice(group.length + 1) : name;
}
