import { distillKind, type DistillStep } from './distill.ts';
import { equalizeKind, type EqualizeStep } from './equalize.ts';
import { pruneKind, type PruneStep } from './prune.ts';
import { quantizeKind, type QuantizeStep } from './quantize.ts';
import type { RecipeStep } from './recipe.ts';
import { repairKind, type RepairStep } from './repair.ts';
import { rewriteKind, type RewriteStep } from './rewrite.ts';
import type { StepKind, StepMachine } from './step-kind.ts';

/** Every kind of step, in the order in which an editor offers them. */
export const STEP_KINDS = [pruneKind, repairKind, distillKind, equalizeKind, quantizeKind, rewriteKind] as const;

export type StepKindName = (typeof STEP_KINDS)[number]['kind'];

/** The settings of each kind of step. */
export interface StepSettings {
  readonly prune: PruneStep;
  readonly repair: RepairStep;
  readonly equalize: EqualizeStep;
  readonly distill: DistillStep;
  readonly quantize: QuantizeStep;
  readonly rewrite: RewriteStep;
}

/** Kinds whose steps can leave layers alone. */
export type ExcludingKind = {
  [K in StepKindName]: StepSettings[K] extends { readonly exclude: readonly string[] } ? K : never;
}[StepKindName];

/** A step with its kind told apart from its settings. */
export interface StepParts {
  readonly kind: StepKind<unknown>;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly off: boolean;
}

/** The kind of this name. @throws for a name that the schema of recipes does not let through */
export function stepKind(name: string): StepKind<unknown> {
  const found = STEP_KINDS.find((kind) => kind.kind === name);
  if (found === undefined) throw new Error(`there is no kind of step '${name}'`);
  // Settings and kind come from the same step, whose schema is this kind's.
  return found as unknown as StepKind<unknown>;
}

/** Kind and settings of a step. */
export function stepParts(step: RecipeStep): StepParts {
  const { off, ...rest } = step;
  const [name, settings] = Object.entries(rest)[0] as [string, Readonly<Record<string, unknown>>];
  return { kind: stepKind(name), settings, off: off === true };
}

/** A step of other settings, or switched on or off, of the same kind. */
export function stepOf(kind: string, settings: unknown, off = false): RecipeStep {
  return { [kind]: settings, ...(off ? { off: true } : {}) } as unknown as RecipeStep;
}

/** The step with everything decided that it leaves to the machine. */
export function resolveStep(step: RecipeStep, machine: StepMachine): RecipeStep {
  const { kind, settings, off } = stepParts(step);
  return stepOf(kind.kind, kind.resolve(settings, machine), off);
}

/** The settings of the last step of a kind that is switched on; undefined without one. */
export function lastStepOf<K extends StepKindName>(
  recipe: { readonly steps: readonly RecipeStep[] },
  kind: K,
): StepSettings[K] | undefined {
  const step = recipe.steps.findLast((one) => kind in one && one.off !== true);
  return step === undefined ? undefined : (step as unknown as Record<K, StepSettings[K]>)[kind];
}

/** Whether any step that is switched on needs typical inputs. */
export function needsCalibration(recipe: { readonly steps: readonly RecipeStep[] }): boolean {
  return recipe.steps.map(stepParts).some(({ kind, settings, off }) => !off && kind.needs(settings).calibration);
}
