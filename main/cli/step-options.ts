import { Option, type Command } from 'commander';
import type { FieldChoice, StepField, StepKind } from '../contract/recipe/step-kind.ts';
import { collectNames, numberBetween, wholeNumber } from './options.ts';

/** The options that set the settings of a step: one for each of its fields. */
export function addStepOptions(command: Command, kind: Pick<StepKind<unknown>, 'fields' | 'initial'>): Command {
  for (const field of kind.fields) command.addOption(optionOf(field, initialOf(kind, field)));
  return command;
}

/** The settings that the options say; what is not said is left to the recipe's own defaults. */
export function stepSettings(
  kind: Pick<StepKind<unknown>, 'fields'>,
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const field of kind.fields) {
    const said = options[optionOf(field, undefined).attributeName()];
    if (said !== undefined) settings[field.key] = valueOf(field, said);
  }
  return settings;
}

function initialOf(kind: Pick<StepKind<unknown>, 'initial'>, field: StepField): unknown {
  return (kind.initial as Readonly<Record<string, unknown>>)[field.key];
}

/** `initial` is told in the help only: what is not said stays unsaid. */
function optionOf(field: StepField, initial: unknown): Option {
  const { help } = field;
  switch (field.control) {
    case 'share':
      return new Option(field.flag, `${sentence(help)}, 0…1`).argParser(numberBetween(0, 1)).makeOptionMandatory();
    case 'count':
      return new Option(field.flag, `${sentence(help)}${said(initial)}`).argParser(wholeNumber(field.minimum));
    case 'switch':
      return new Option(field.flag, field.turnsOff === true ? `not: ${sentence(help)}` : sentence(help));
    case 'choice': {
      const chosen = field.choices.find(({ value }) => value === initial);
      return new Option(
        field.flag,
        `${sentence(help)}${said(chosen === undefined ? undefined : wordOf(chosen))}`,
      ).choices(field.choices.map(wordOf));
    }
    case 'layers':
      return new Option(field.flag, `${sentence(help)}; may be repeated`).argParser((text: string, names?: string[]) =>
        collectNames(text, names ?? []),
      );
  }
}

function valueOf(field: StepField, said: unknown): unknown {
  if (field.control === 'switch') return field.turnsOff === true ? said !== true : said === true;
  if (field.control === 'choice') return field.choices.find((choice) => wordOf(choice) === said)?.value;
  return said;
}

function wordOf({ value, word }: FieldChoice): string {
  return word ?? String(value);
}

/** "The range holds every value." → "the range holds every value", as commander's helps read. */
function sentence(help: string): string {
  return `${help.charAt(0).toLowerCase()}${help.slice(1).replace(/\.$/u, '')}`;
}

function said(initial: unknown): string {
  return initial === undefined ? '' : ` (default: ${JSON.stringify(initial)})`;
}
