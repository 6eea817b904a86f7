import type { FrozenLayer } from './prunable-weights.ts';

interface BeforeAfter {
  readonly before: number;
  readonly after: number;
}

/** What pruning did. */
export interface PruneOutcome {
  /**
   * Of single weights: shares of the prunable ones that are zero, nothing requested where a pattern says it. Of structures:
   * shares of the target's measure that went.
   */
  readonly sparsity: { readonly requested: number; readonly achieved: number };
  /** Elements of float tensors that are not zero; of structures all that are trained. */
  readonly parameters: BeforeAfter;
  /** Multiply–accumulates of one sample that meet a weight other than zero; layers of unknown cost count nothing. */
  readonly macs: BeforeAfter;
  /** Layers that were pruned, with the share of them that went. */
  readonly layers: readonly {
    readonly name: string;
    readonly op: string;
    readonly sparsity: number;
    /** How many channels the layer gives, or its rank; null where weights became zero. */
    readonly channels: BeforeAfter | null;
  }[];
  readonly frozen: readonly FrozenLayer[];
  readonly notes: readonly string[];
}
