import type { Node } from '../graph/ir.ts';
import { subgraphsOf } from '../graph/walk.ts';
import { hasTrait } from './ask.ts';
import { addKnown, CostContext } from './cost-context.ts';
import { multiplyDims } from './dimension.ts';
import type { NodeRecord } from './inference.ts';

/** What a node does in one run of the model; see `LayerCost`. */
export interface Work {
  readonly macs: number | null;
  readonly bytes: number | null;
  readonly known: boolean;
}

/** Counts the work of nodes. Each is looked at once, however deep Ifs lie in Ifs. */
export class WorkCounter {
  readonly #taken: ReadonlyMap<Node, string>;
  readonly #own = new Map<NodeRecord, Work>();
  readonly #macsWithin = new Map<NodeRecord, number>();

  /** @param taken which branch an If took in a run; for those that it does not tell, the one with more work counts */
  constructor(taken: ReadonlyMap<Node, string>) {
    this.#taken = taken;
  }

  /** A node without its subgraphs, whose nodes are layers of their own; a call of a function with all that it does. */
  of(record: NodeRecord): Work {
    const known = this.#own.get(record);
    if (known !== undefined) return known;
    const work = record.call ? this.#ofCall(record) : ofNode(record);
    this.#own.set(record, work);
    return work;
  }

  /** The nodes of all branches that do not run, with everything in them. */
  idleNodes(records: Iterable<NodeRecord>): ReadonlySet<Node> {
    const idle = new Set<Node>();
    const rest = (record: NodeRecord): void => {
      if (idle.has(record.node)) return;
      idle.add(record.node);
      for (const child of childrenOf(record)) rest(child);
    };
    for (const record of records) {
      if (!hasTrait(record.node, 'choosesGraph')) continue;
      const running = new Set(this.#running(record));
      for (const child of childrenOf(record)) if (!running.has(child)) rest(child);
    }
    return idle;
  }

  #ofCall(record: NodeRecord): Work {
    const parts = this.#within(record).map((child) => this.of(child));
    return {
      macs: addKnown(parts.map((part) => part.macs)),
      bytes: addKnown(parts.map((part) => part.bytes)),
      known: parts.every((part) => part.known),
    };
  }

  /** Everything that runs inside a node; what a function calls counts with the call. */
  #within(record: NodeRecord): readonly NodeRecord[] {
    return this.#running(record).flatMap((child) => (child.call ? [child] : [child, ...this.#within(child)]));
  }

  /** The nodes in a function's body or a node's subgraphs: of an If's branches those of one. */
  #running(record: NodeRecord): readonly NodeRecord[] {
    if (!hasTrait(record.node, 'choosesGraph')) return childrenOf(record);
    const taken = this.#taken.get(record.node);
    const chosen = subgraphsOf(record.node).find(({ branch }) => branch === taken)?.graph;
    if (chosen !== undefined) return record.children.get(chosen) ?? [];
    let most: { readonly records: readonly NodeRecord[]; readonly macs: number } = { records: [], macs: -1 };
    for (const records of record.children.values()) {
      const macs = records.reduce((sum, child) => sum + this.#macs(child), 0);
      if (macs > most.macs) most = { records, macs };
    }
    return most.records;
  }

  /** Known multiply–accumulates of a node with what runs in it. */
  #macs(record: NodeRecord): number {
    const known = this.#macsWithin.get(record);
    if (known !== undefined) return known;
    const inner = record.call ? [] : this.#running(record);
    const macs = inner.reduce((sum, child) => sum + this.#macs(child), this.of(record).macs ?? 0);
    this.#macsWithin.set(record, macs);
    return macs;
  }
}

/** The nodes of the called function, or of all of the node's subgraphs. */
export function childrenOf(record: NodeRecord): readonly NodeRecord[] {
  return [...record.children.values()].flat();
}

function ofNode(record: NodeRecord): Work {
  const { spec } = record;
  if (spec === undefined) return { macs: null, bytes: null, known: false };
  const context = new CostContext(record);
  const macs = spec.macs(context);
  const bytes = spec.bytes === undefined ? context.allBytes() : spec.bytes(context);
  return { macs: repeated(macs, record), bytes: repeated(bytes, record), known: true };
}

function repeated(value: number | null, record: NodeRecord): number | null {
  const times = multiplyDims(value, record.repeat);
  return typeof times === 'number' ? times : null;
}
