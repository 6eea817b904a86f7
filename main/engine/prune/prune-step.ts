/** The recipe step of element pruning, with every default filled in. */
export interface PruneStep {
  readonly structure: 'element';
  /**
   * How a weight's importance is measured, not normalised by layer: |w| or w². Both order single weights alike, so they
   * cut the same ones.
   */
  readonly score: 'l1' | 'l2';
  /** global: one threshold over all layers; layer: the same share in each. */
  readonly scope: 'global' | 'layer';
  /** Share of the prunable weights that shall be zero, 0…1; zeros that the model already has count. */
  readonly sparsity: number;
  /** Layers left alone, by name. */
  readonly exclude: readonly string[];
}
