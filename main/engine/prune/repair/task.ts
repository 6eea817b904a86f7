import type { TaskContext } from '../../../base/progress.ts';
import type { Node } from '../../graph/ir.ts';
import type { CalibrationRunner, ModelPair, Target } from './layer-sums.ts';
import { levelsOf } from '../../sums/levels.ts';
import type { SolvableLayer } from '../../linear/solvable-layers.ts';

/** What a method of repair works on. */
export interface RepairTask {
  /** The pruned model is the one before any repair. */
  readonly pair: ModelPair;
  readonly layers: readonly SolvableLayer[];
  readonly on: CalibrationRunner;
  /** Calibration samples that there are. */
  readonly samples: number;
  readonly context: TaskContext;
}

/** What a repair did to a layer. */
export interface RepairedLayer {
  readonly name: string;
  readonly op: string;
  /**
   * Squared error of its output over the float model's squared output, before and after, with what comes before it repaired:
   * 0 is exact, 1 as bad as giving zeros.
   */
  readonly error: { readonly before: number; readonly after: number };
  /** What was special; null: nothing. */
  readonly note: string | null;
}

/** Tells how far a repair is. */
export function reportLayers({ layers, context }: RepairTask, done: number): void {
  context.progress({ stage: 'Repairing', done, total: layers.length });
}

/**
 * What each layer should give, once those before it are repaired: where its output is added to a value that is final by
 * then, the float model's sum less that value, so that the layer also makes up for what the shortcut has lost.
 */
export function targetsOf({ pair, layers }: RepairTask): {
  readonly targetOf: (layer: SolvableLayer) => Target;
  readonly levelOf: (layer: SolvableLayer) => number;
} {
  const counted = new Set<Node>(layers.map(({ node }) => node));
  const level = levelsOf(pair.pruned.graph, counted);
  const levelOf = ({ node }: SolvableLayer): number => level(node.outputs[0] ?? '');
  const targetOf = (layer: SolvableLayer): Target => {
    const { shortcut, output } = layer;
    const isFinal = shortcut !== undefined && level(shortcut.other) < levelOf(layer);
    return isFinal ? { value: shortcut.sum, less: shortcut.other } : { value: output, less: undefined };
  };
  return { targetOf, levelOf };
}

/** before / reference and after / reference; a layer that gives nothing is exact where its error is 0. */
export function relativeError(
  reference: number,
  { before, after }: { readonly before: number; readonly after: number },
): RepairedLayer['error'] {
  const share = (error: number): number => (reference > 0 ? error / reference : error > 0 ? 1 : 0);
  return { before: share(before), after: share(after) };
}
