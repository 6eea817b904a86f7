/** What the Doctor task shows, from a report. Pure. */
import { SEVERITIES, type DoctorReport, type Finding, type Fix, type Severity } from '../../../main/contract/doctor.ts';
import { stepParts } from '../../../main/contract/recipe/kinds.ts';
import type { Recipe } from '../../../main/contract/recipe/recipe.ts';
import { formatEvidence } from '../../../main/judge/doctor.ts';
import type { StepMachine } from '../../../main/contract/recipe/step-kind.ts';
import { sameRecipe } from '../../../main/judge/recipe/canonical.ts';
import { editRecipe } from '../../../main/judge/recipe/edit.ts';

export const SEVERITY_TITLES: Readonly<Record<Severity, string>> = {
  error: 'Errors',
  warning: 'Warnings',
  hint: 'Hints',
};

export interface FindingGroup {
  readonly severity: Severity;
  readonly findings: readonly Finding[];
}

/** The findings by severity, the worst first; severities without any are left out. */
export function groupsOf(findings: readonly Finding[]): readonly FindingGroup[] {
  return SEVERITIES.map((severity) => ({
    severity,
    findings: findings.filter((finding) => finding.severity === severity),
  })).filter(({ findings: own }) => own.length > 0);
}

/** "as it is 2 ms, in float 1 ms". */
export function evidenceText(evidence: Finding['evidence']): string {
  return evidence.map((one) => `${one.label} ${formatEvidence(one)}`).join(', ');
}

/**
 * The recipe that a fix changes: the one being edited where it still has the steps that made the examined trial, else the
 * trial's own. The trial's own too where both mean the same: it says what was found when it was made (which layers int8 makes
 * slower here), so that the fix meets the model that was examined, and not one with other layers in float.
 */
export function baseOfFix(
  trial: { readonly baseline: boolean; readonly recipe: Recipe },
  draft: Recipe,
  machine: StepMachine,
): Recipe {
  if (trial.baseline) return draft;
  if (sameRecipe(trial.recipe, draft, machine)) return trial.recipe;
  const kinds = new Set(
    draft.steps.map((step) => stepParts(step)).flatMap(({ kind, off }) => (off ? [] : [kind.kind])),
  );
  return trial.recipe.steps.every((step) => kinds.has(stepParts(step).kind.kind)) ? draft : trial.recipe;
}

/** Whether a recipe holds a fix already: putting it in once more changes nothing. */
export function holdsFix(recipe: Recipe, fix: Fix): boolean {
  return JSON.stringify(editRecipe(recipe, fix.edits)) === JSON.stringify(recipe);
}

/** What was looked at, and on what, in one sentence. */
export function summaryOf({ checks, inputs, madeInputs, integerLayers }: DoctorReport): string {
  const done = checks.filter(({ status }) => status === 'done').length;
  const on =
    inputs === null
      ? 'without running the model'
      : madeInputs
        ? 'on made inputs; choose data to have ranges and losses examined too'
        : `on ${inputs}`;
  const kernels =
    integerLayers === null || integerLayers.of === 0
      ? ''
      : ` ${integerLayers.fused} of ${integerLayers.of} layers beside codes run as integer kernels.`;
  return `${done} of ${checks.length} checks ${on}.${kernels}`;
}
