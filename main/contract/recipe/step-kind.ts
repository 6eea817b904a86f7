/**
 * What everybody must know of a kind of step without applying it: its settings with their meaning, what it needs, and its
 * words. The engine adds how it is applied (`engine/steps`); editor, terminal, report and names of trials follow from here.
 */
import type { z } from 'zod';

/** How a setting is edited, and what its values mean. */
export type FieldControl =
  /** A number 0…1, shown as per cent. */
  | { readonly control: 'share' }
  /** A whole number of at least `minimum`; `unit`: what is counted, in the plural. */
  | { readonly control: 'count'; readonly minimum: number; readonly unit: string }
  /** Any number from `minimum` to `maximum`; `auto`: or 'auto', which an editor shows as an empty one. */
  | { readonly control: 'number'; readonly minimum: number; readonly maximum: number; readonly auto?: true }
  | { readonly control: 'switch' }
  | { readonly control: 'choice'; readonly choices: readonly FieldChoice[] }
  /** One of several measures, and the share of it to keep, 0…1: {"macs": 0.5}. */
  | { readonly control: 'target'; readonly measures: readonly FieldChoice[] }
  /** A whole number of at least `minimum` for each of some names: {"layer1": 12}. */
  | { readonly control: 'counts'; readonly minimum: number; readonly unit: string }
  /** The SHA-256 of a model's file. */
  | { readonly control: 'model' }
  /** Names of layers. */
  | { readonly control: 'layers' }
  /** Least and greatest value for each of some tensors: {"/relu/Relu_output_0": [0, 6]}. */
  | { readonly control: 'ranges' }
  /** One of several choices for each of some layers: {"conv1": "float"}. */
  | { readonly control: 'layer-choices'; readonly choices: readonly FieldChoice[] };

export interface FieldChoice {
  readonly value: string | number | boolean;
  readonly title: string;
  /** What it does, for whoever chooses; one sentence. */
  readonly help: string;
  /** How the terminal calls it; default: the value itself. */
  readonly word?: string;
}

/** One setting of a step. */
export type StepField = FieldControl & {
  /** Its key in the recipe. */
  readonly key: string;
  readonly title: string;
  readonly help: string;
  /** The terminal's flag, as commander writes it: "--sparsity <share>". A switch whose flag turns it off says so. */
  readonly flag: string;
  readonly turnsOff?: boolean;
  /**
   * Other settings, each with the values of which one must be there for this to have any effect; absent: it always has. A
   * setting without effect stands in no recipe. Several fields may share a key and a flag, for different conditions.
   */
  readonly when?: Readonly<Record<string, readonly (string | number | boolean)[]>>;
  /** What it is where it is left out: said of settings on which others depend. */
  readonly standard?: string | boolean;
  /** What an editor begins with: said of settings that a recipe must not leave out. */
  readonly suggested?: unknown;
  /** What editor and terminal put in where nobody says anything, if a recipe without it means something else. */
  readonly offered?: string | boolean;
};

/** What applying a step takes beside the model. */
export interface StepNeeds {
  /** Typical inputs. */
  readonly calibration: boolean;
}

/** What the machine decides where a setting leaves it open. */
export interface StepMachine {
  /** Whether the CPU has VNNI; null where that cannot be told. */
  readonly vnni: boolean | null;
}

export interface StepKind<Settings = never> {
  /** Its key in the recipe: {"prune": {…}}. */
  readonly kind: string;
  readonly title: string;
  /** What it does, one sentence. */
  readonly help: string;
  readonly schema: z.ZodType<Settings>;
  /** In the order in which they are edited. */
  readonly fields: readonly StepField[];
  readonly needs: (settings: Settings) => StepNeeds;
  /** Kinds that must not come after it, and why: quantized weights cannot be pruned. */
  readonly mustComeAfter: Readonly<Record<string, string>>;
  /** Kinds of which a step must stand before it, and why: without pruning there is nothing to repair. Absent: none. */
  readonly mustFollow?: Readonly<Record<string, string>>;
  /** What a new step of an editor begins with. */
  readonly initial: Settings;
  /** In a few words: "Prune 40 %". */
  readonly words: (settings: Settings) => string;
  /** The settings with everything decided that they leave to the machine. */
  readonly resolve: (settings: Settings, machine: StepMachine) => Settings;
}

/** Writes a kind down; settings that leave nothing to the machine need no `resolve`. */
export function defineStepKind<Name extends string, Settings>(
  kind: Omit<StepKind<Settings>, 'kind' | 'resolve'> & {
    readonly kind: Name;
    readonly resolve?: StepKind<Settings>['resolve'];
  },
): StepKind<Settings> & { readonly kind: Name } {
  return { resolve: (settings) => settings, ...kind };
}

/** " (2 excluded)", or nothing. */
export function exclusions(exclude: readonly string[]): string {
  return exclude.length === 0 ? '' : ` (${exclude.length} excluded)`;
}
