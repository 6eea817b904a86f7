import { resolveStep, stepParts } from '../../contract/recipe/kinds.ts';
import type { Recipe } from '../../contract/recipe/recipe.ts';
import type { StepKind, StepMachine } from '../../contract/recipe/step-kind.ts';

/**
 * What a recipe means, as text: its steps in their order, without those that are switched off and without settings that
 * equal their defaults, keys and lists of layers sorted. Two recipes of the same text are the same recipe, also when a
 * later version knows more settings.
 * @param machine decides what settings leave open; left out: 'auto' stays what it is
 */
export function canonicalRecipe(recipe: Recipe, machine?: StepMachine): string {
  return canonical(recipe, machine, NOTHING);
}

const NOTHING: ReadonlySet<string> = new Set();

function canonical({ steps }: Recipe, machine: StepMachine | undefined, leftOut: ReadonlySet<string>): string {
  const meant = steps.flatMap((step) => {
    const { kind, settings, off } = stepParts(machine === undefined ? step : resolveStep(step, machine));
    return off ? [] : [[kind.kind, canonicalSettings(kind, settings, leftOut)]];
  });
  return JSON.stringify(meant);
}

/**
 * Whether two recipes mean the same on this machine. What one of them leaves to be measured here (which layers int8 makes
 * slower, which widths take the time that is asked for, at which rate a training goes) and the other has as it was found does not tell them apart.
 */
export function sameRecipe(a: Recipe, b: Recipe, machine: StepMachine): boolean {
  const leftOut = new Set([...leftOpen(a), ...leftOpen(b)]);
  return canonical(a, machine, leftOut) === canonical(b, machine, leftOut);
}

/** Settings that will hold what is measured when the recipe is applied, and do not yet. */
function leftOpen({ steps }: Recipe): readonly string[] {
  return steps.flatMap((step) => {
    const settings: Readonly<Record<string, unknown>> = stepParts(step).settings;
    if (settings['speed'] === 'measured' && settings['slow'] === undefined) return ['slow'];
    // A rate of 0 is found by a short test, and what augments by trying it on the samples.
    if ('distill' in step)
      return [settings['rate'] === 0 ? 'rate' : '', settings['augment'] === 'auto' ? 'augment' : ''];
    const { target, widths, ranks, structure } = settings;
    const timed = typeof target === 'object' && target !== null && 'latency' in target;
    const given = structure === 'rank' ? ranks : widths;
    return timed && Object.keys(given ?? {}).length === 0 ? ['widths', 'ranks'] : [];
  });
}

function canonicalSettings(
  kind: StepKind<unknown>,
  settings: Readonly<Record<string, unknown>>,
  leftOut: ReadonlySet<string>,
): readonly (readonly [string, unknown])[] {
  const named = new Set(kind.fields.filter(({ control }) => BY_NAME.has(control)).map(({ key }) => key));
  return Object.entries(settings)
    .filter(([key, value]) => !leftOut.has(key) && !isDefault(kind, settings, key, value))
    .map(([key, value]) => [key, named.has(key) ? sorted(value as NamesSetting) : value] as const)
    .sort(([x], [y]) => (x < y ? -1 : 1));
}

/** Controls whose settings name layers or tensors: a list of them, or something for each. */
const BY_NAME: ReadonlySet<string> = new Set(['layers', 'layer-choices', 'ranges']);

type NamesSetting = readonly string[] | Readonly<Record<string, unknown>>;

function sorted(setting: NamesSetting): NamesSetting {
  if (Array.isArray(setting)) return [...new Set(setting)].sort();
  return Object.fromEntries(Object.entries(setting).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A setting is its default when the schema gives that value back for settings without it. */
function isDefault(
  kind: StepKind<unknown>,
  settings: Readonly<Record<string, unknown>>,
  key: string,
  value: unknown,
): boolean {
  const { [key]: _left, ...without } = settings;
  const parsed = kind.schema.safeParse(without);
  if (!parsed.success) return false;
  return JSON.stringify((parsed.data as Record<string, unknown>)[key]) === JSON.stringify(value);
}
