import { distillStep, type DistillStepOutcome } from './distill.ts';
import { equalizeStep, type EqualizeStepOutcome } from './equalize.ts';
import { pruneStep, type PruneStepOutcome } from './prune.ts';
import { quantizeStep, type QuantizeStepOutcome } from './quantize.ts';
import { repairStep, type RepairStepOutcome } from './repair.ts';
import { rewriteStep, type RewriteStepOutcome } from './rewrite.ts';
import type { EngineStep } from './step.ts';

export type AnyOutcome =
  | PruneStepOutcome
  | RepairStepOutcome
  | DistillStepOutcome
  | EqualizeStepOutcome
  | QuantizeStepOutcome
  | RewriteStepOutcome;

/** How each kind of step is applied. A new kind is its description in the contract, its file here, and a line in this list. */
const ENGINE_STEPS = [pruneStep, repairStep, distillStep, equalizeStep, quantizeStep, rewriteStep] as const;

/** The step of this kind, for settings that its own schema has checked. */
export function engineStep(kind: string): EngineStep<unknown, AnyOutcome> {
  const found = ENGINE_STEPS.find((step) => step.kind.kind === kind);
  if (found === undefined) throw new Error(`the engine applies no steps of kind '${kind}'`);
  return found as unknown as EngineStep<unknown, AnyOutcome>;
}
