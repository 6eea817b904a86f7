import type { QuantizeStep } from '../../contract/recipe/quantize.ts';
import type { Model } from '../graph/ir.ts';
import type { Sources } from '../passes/pass.ts';
import type { QuantizedLayer } from './layer-report.ts';

/** What every scheme gives back. */
export interface QuantizeOutcome<Step extends QuantizeStep = QuantizeStep> {
  readonly model: Model;
  /** The layers of the source that each node stands for. */
  readonly sources: Sources;
  /** The step with everything decided that was left to the machine. */
  readonly step: Step;
  /** Every layer of the source, and what became of it. */
  readonly layers: readonly QuantizedLayer[];
  /** Share of the quantized layers that run as integer kernels; null when none is quantized, or it was not checked. */
  readonly fusedShare: number | null;
  /** What a user should know, one sentence each. */
  readonly notes: readonly string[];
}
