import { describe, expect, it } from 'vitest';
import type { DoctorReport, Finding } from '../../../../../main/contract/doctor.ts';
import { recipeSchema } from '../../../../../main/contract/recipe/recipe.ts';
import { editRecipe } from '../../../../../main/judge/recipe/edit.ts';
import { baseOfFix, evidenceText, groupsOf, holdsFix, summaryOf } from '../../../../../renderer/tasks/doctor/model.ts';

const finding = (severity: Finding['severity'], text: string = severity): Finding => ({
  code: 'no-effect',
  severity,
  text,
  evidence: [],
  layers: [],
  measured: false,
  fix: null,
});
const recipe = (steps: readonly object[]) => recipeSchema.parse({ version: 2, steps });

describe('a report as it is shown', () => {
  it('has the worst first and leaves out severities without findings', () => {
    const groups = groupsOf([finding('hint', 'a'), finding('error', 'b'), finding('hint', 'c')]);
    expect(groups.map(({ severity, findings }) => [severity, findings.map(({ text }) => text)])).toEqual([
      ['error', ['b']],
      ['hint', ['a', 'c']],
    ]);
  });

  it('says numbers with their units', () => {
    expect(
      evidenceText([
        { label: 'as it is', value: 2, unit: 'ms' },
        { label: 'of all', value: 0.25, unit: 'share' },
        { label: 'lost', value: 2, unit: 'bits' },
      ]),
    ).toBe('as it is 2 ms, of all 25 %, lost 2 bits');
  });

  it('tells what was looked at, and on what', () => {
    const report: DoctorReport = {
      findings: [],
      checks: [
        { id: 'a', title: 'A', status: 'done', note: null },
        { id: 'b', title: 'B', status: 'skipped', note: 'why' },
      ],
      inputs: 'digits, 32 samples',
      madeInputs: false,
      integerLayers: { fused: 3, of: 4 },
      cpu: 'cpu',
      vnni: true,
    };
    expect(summaryOf(report)).toBe(
      '1 of 2 checks on digits, 32 samples. 3 of 4 layers beside codes run as integer kernels.',
    );
    expect(summaryOf({ ...report, inputs: null, integerLayers: null })).toBe(
      '1 of 2 checks without running the model.',
    );
  });
});

describe('a fix', () => {
  const machine = { vnni: true };
  const fix = {
    title: 'Leave a layer in float',
    edits: [{ change: { kind: 'quantize', settings: { exclude: ['a'] } } }],
    evidence: [],
  };

  it('changes the draft where it still has the steps of the trial, else the recipe of the trial', () => {
    const made = recipe([{ quantize: {} }]);
    const trial = { baseline: false, recipe: made };
    const draft = recipe([{ rewrite: { pass: 'fold-constants' } }, { quantize: { perChannel: false } }]);
    expect(baseOfFix(trial, draft, machine)).toBe(draft);
    expect(baseOfFix(trial, recipe([]), machine)).toBe(made);
    expect(baseOfFix({ baseline: true, recipe: recipe([]) }, draft, machine)).toBe(draft);
  });

  it('meets the layers that were found slow when the trial was made, and does not time them anew', () => {
    const made = recipe([{ quantize: { speed: 'measured', reduceRange: false, slow: ['b'] } }]);
    const draft = recipe([{ quantize: { speed: 'measured' } }]);
    const base = baseOfFix({ baseline: false, recipe: made }, draft, machine);
    expect(editRecipe(base, fix.edits).steps[0]).toMatchObject({ quantize: { slow: ['b'], exclude: ['a'] } });
  });

  it('is in a recipe where putting it in changes nothing', () => {
    expect(holdsFix(recipe([{ quantize: { exclude: ['a', 'b'] } }]), fix)).toBe(true);
    expect(holdsFix(recipe([{ quantize: { exclude: ['b'] } }]), fix)).toBe(false);
    expect(holdsFix(recipe([]), fix)).toBe(false);
  });
});
