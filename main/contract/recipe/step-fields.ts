/** Which settings of a step have an effect, told from the others. Pure. */
import { z } from 'zod';
import type { StepField, StepKind } from './step-kind.ts';

type Settings = Readonly<Record<string, unknown>>;

/** Whether a setting changes anything beside these others, which must hold the standards of what is left out. */
function hasEffect({ when }: StepField, settings: Settings): boolean {
  return Object.entries(when ?? {}).every(([key, values]) => values.some((value) => value === settings[key]));
}

/** The settings, with those put in on which others depend and which were left out. */
export function withStandards(fields: readonly StepField[], settings: Settings): Settings {
  const told: Record<string, unknown> = { ...settings };
  for (const field of fields) {
    if (field.standard === undefined || told[field.key] !== undefined || !hasEffect(field, told)) continue;
    told[field.key] = field.standard;
  }
  return told;
}

/** The fields that have an effect beside these settings; of those that share a key at most one. */
export function effectiveFields(fields: readonly StepField[], settings: Settings): readonly StepField[] {
  const told = withStandards(fields, settings);
  return fields.filter((field) => hasEffect(field, told));
}

/** The settings on which others depend, in the order of the fields, as pairs of field and value. */
export function decidingSettings(
  fields: readonly StepField[],
  settings: Settings,
): readonly (readonly [StepField, unknown])[] {
  const told = withStandards(fields, settings);
  return fields
    .filter((field) => field.standard !== undefined && hasEffect(field, told))
    .map((field) => [field, told[field.key]]);
}

/**
 * A schema of settings of which some have an effect only beside others: refuses what has none, and puts in what others
 * depend on, so that `settings` may be unions discriminated by it.
 */
export function conditionalSettings<S extends z.ZodType>(
  fields: readonly StepField[],
  settings: S,
): z.ZodPreprocess<S> {
  return z.preprocess((given, context) => {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
    const told = withStandards(fields, given as Settings);
    for (const key of Object.keys(given)) {
      const own = fields.filter((field) => field.key === key);
      if (own.length === 0 || own.some((field) => hasEffect(field, told))) continue;
      const deciding = new Set([
        ...decidingSettings(fields, told).map(([{ key: other }]) => other),
        ...own.flatMap(({ when }) => Object.keys(when ?? {})),
      ]);
      const beside = [...deciding].map((other) => `${other} ${String(told[other])}`);
      context.addIssue({ code: 'custom', path: [key], message: `has no effect beside ${beside.join(', ')}` });
    }
    return told;
  }, settings);
}

/**
 * The settings that come nearest to those wanted: what has no effect goes, a choice that is not possible becomes the standard
 * one, what is missing is put in. For editors, in which one setting changes which others there are.
 * @throws where a value is none that the schema takes
 */
export function adjustSettings<T>(kind: Pick<StepKind<T>, 'fields' | 'schema'>, wanted: Settings): T {
  return adjusted(kind, wanted, new Map());
}

/**
 * Settings with some changed, the others adjusted to them. A choice stays where it means the same: lists of different structures
 * have values in common ("global") that do not, and there the standard one is taken.
 * @throws as `adjustSettings`
 */
export function changeSettings<T>(kind: Pick<StepKind<T>, 'fields' | 'schema'>, before: Settings, change: Settings): T {
  const meant = new Map<string, string>();
  for (const field of effectiveFields(kind.fields, before)) {
    if (field.control !== 'choice' || field.key in change) continue;
    const choice = field.choices.find(({ value }) => value === before[field.key]);
    if (choice !== undefined) meant.set(field.key, choice.title);
  }
  return adjusted(kind, { ...before, ...change }, meant);
}

/** @param meant titles of choices, by key, that a value must have to stay; without one any will do */
function adjusted<T>(
  kind: Pick<StepKind<T>, 'fields' | 'schema'>,
  wanted: Settings,
  meant: ReadonlyMap<string, string>,
): T {
  const kept: Record<string, unknown> = {};
  for (const field of kind.fields) {
    if (!hasEffect(field, kept)) continue;
    const value = wanted[field.key];
    const title = meant.get(field.key);
    const fits =
      field.control !== 'choice' ||
      field.choices.some((choice) => choice.value === value && (title === undefined || title === choice.title));
    const taken = value !== undefined && fits ? value : (field.standard ?? field.suggested ?? field.offered);
    if (taken !== undefined) kept[field.key] = taken;
  }
  return kind.schema.parse(kept);
}
