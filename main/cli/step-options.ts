import { InvalidArgumentError, Option, type Command } from 'commander';
import { StudioError } from '../base/errors.ts';
import { decidingSettings, effectiveFields } from '../contract/recipe/step-fields.ts';
import type { FieldChoice, StepField, StepKind } from '../contract/recipe/step-kind.ts';
import { collectNames, numberBetween, wholeNumber } from './options.ts';

/** The options that set the settings of a step: one for each of its keys. */
export function addStepOptions(command: Command, kind: Pick<StepKind<unknown>, 'fields' | 'initial'>): Command {
  for (const fields of optionFields(kind)) command.addOption(optionOf(fields, initialOf(kind, fields[0]!)));
  return command;
}

/**
 * The settings that the options say; what is not said is left to the recipe's own defaults, but for what is offered instead.
 * @throws USAGE for an option without effect beside the others, for a choice that they leave no room for, and for a setting that
 *   has no default and is not said
 */
export function stepSettings(
  kind: Pick<StepKind<unknown>, 'fields'>,
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const fields of optionFields(kind)) {
    const said = options[optionOf(fields, undefined).attributeName()];
    if (said !== undefined) settings[fields[0]!.key] = valueOf(fields, said);
  }
  const effective = new Map(effectiveFields(kind.fields, settings).map((field) => [field.key, field]));
  for (const key of Object.keys(settings)) {
    const field = effective.get(key);
    if (field === undefined) throw noEffect(kind, settings, key);
    if (field.control === 'choice' && !field.choices.some(({ value }) => value === settings[key])) {
      throw impossible(kind, settings, field);
    }
  }
  for (const [key, { suggested, offered, flag }] of effective) {
    if (offered !== undefined) settings[key] ??= offered;
    if (suggested !== undefined && settings[key] === undefined) {
      throw new StudioError('USAGE', `${flag.split(' ')[0]} is missing`, { hint: `Say ${flag}.` });
    }
  }
  return settings;
}

/** The fields by their keys: those that share one are one option. */
function optionFields({ fields }: Pick<StepKind<unknown>, 'fields'>): readonly (readonly StepField[])[] {
  return [...Map.groupBy(fields, ({ key }) => key).values()];
}

function noEffect(
  kind: Pick<StepKind<unknown>, 'fields'>,
  settings: Record<string, unknown>,
  key: string,
): StudioError {
  const own = kind.fields.filter((field) => field.key === key);
  const beside = said(kind, settings, key);
  const needed = own.map(({ when }) =>
    Object.entries(when ?? {})
      .map(([other, values]) => `${flagOf(kind, other)} ${values.join('|')}`)
      .join(' '),
  );
  const hint = `It takes ${[...new Set(needed)].join(', or ')}.`;
  return new StudioError('USAGE', `${flagOf(kind, key)} has no effect with ${beside}`, { hint });
}

function impossible(
  kind: Pick<StepKind<unknown>, 'fields'>,
  settings: Record<string, unknown>,
  field: StepField & { readonly control: 'choice' },
): StudioError {
  const possible = field.choices.map(wordOf).join(', ');
  const beside = said(kind, settings, field.key);
  return new StudioError(
    'USAGE',
    `${flagOf(kind, field.key)} ${String(settings[field.key])} is not possible with ${beside}; possible: ${possible}`,
  );
}

/** "--structure element --score magnitude": what decides about the other settings, but for one of them. */
function said(kind: Pick<StepKind<unknown>, 'fields'>, settings: Record<string, unknown>, but: string): string {
  return decidingSettings(kind.fields, settings)
    .filter(([{ key }]) => key !== but)
    .map(([{ flag }, value]) => `${flag.split(' ')[0]} ${String(value)}`)
    .join(' ');
}

function flagOf(kind: Pick<StepKind<unknown>, 'fields'>, key: string): string {
  return kind.fields.find((field) => field.key === key)?.flag.split(' ')[0] ?? key;
}

function initialOf(kind: Pick<StepKind<unknown>, 'initial'>, field: StepField): unknown {
  return (kind.initial as Readonly<Record<string, unknown>>)[field.key];
}

/**
 * The option of the fields of one key. `initial` is told in the help only: what is not said stays unsaid. What must be said is
 * asked for once the others are known.
 */
function optionOf(fields: readonly StepField[], initial: unknown): Option {
  const [field] = fields as [StepField];
  const help = [...new Set(fields.map((each) => sentence(each.help)))].join('; or ');
  const told = field.suggested === undefined ? initial : undefined;
  switch (field.control) {
    case 'share':
      return new Option(field.flag, `${help}, 0…1`).argParser(numberBetween(0, 1));
    case 'count':
      return new Option(field.flag, `${help}${standing(told)}`).argParser(wholeNumber(field.minimum));
    case 'number':
      return new Option(field.flag, `${help}${standing(told)}`).argParser((text: string) =>
        field.auto === true && text === 'auto' ? text : numberBetween(field.minimum, field.maximum)(text),
      );
    case 'switch':
      return new Option(field.flag, field.turnsOff === true ? `not: ${help}` : help);
    case 'choice': {
      const choices = fields.flatMap((each) => (each.control === 'choice' ? each.choices : []));
      const chosen = choices.find(({ value }) => value === told);
      return new Option(field.flag, `${help}${standing(chosen === undefined ? undefined : wordOf(chosen))}`).choices([
        ...new Set(choices.map(wordOf)),
      ]);
    }
    case 'target':
      return new Option(field.flag, `${help}: ${field.measures.map(wordOf).join(', ')}; 0…1`).argParser(
        targetOf(field.measures),
      );
    case 'counts':
      return new Option(field.flag, `${help}; may be repeated`).argParser(
        (text: string, counts?: Readonly<Record<string, number>>) => ({ ...counts, ...countOf(text, field.minimum) }),
      );
    case 'layer-choices':
      return new Option(field.flag, `${help}: ${field.choices.map(wordOf).join(', ')}; may be repeated`).argParser(
        (text: string, chosen?: Readonly<Record<string, string>>) => ({ ...chosen, ...choiceOf(text, field.choices) }),
      );
    case 'ranges':
      return new Option(field.flag, `${help}; may be repeated`).argParser(
        (text: string, ranges?: Readonly<Record<string, readonly number[]>>) => ({ ...ranges, ...rangeOf(text) }),
      );
    case 'model':
      return new Option(field.flag, help);
    case 'layers':
      return new Option(field.flag, `${help}; may be repeated`).argParser((text: string, names?: string[]) =>
        collectNames(text, names ?? []),
      );
  }
}

function valueOf(fields: readonly StepField[], said: unknown): unknown {
  const [field] = fields as [StepField];
  if (field.control === 'switch') return field.turnsOff === true ? said !== true : said === true;
  if (field.control !== 'choice') return said;
  const choices = fields.flatMap((each) => (each.control === 'choice' ? each.choices : []));
  return choices.find((choice) => wordOf(choice) === said)?.value;
}

/** Parses `macs=0.5`. */
function targetOf(measures: readonly FieldChoice[]): (text: string) => Record<string, number> {
  const words = measures.map(wordOf);
  return (text) => {
    const [word = '', share = ''] = text.split('=');
    if (!words.includes(word)) throw new InvalidArgumentError(`expected ${words.join(', ')}, as in ${words[0]}=0.5`);
    return { [word]: numberBetween(0, 1)(share) };
  };
}

/** Parses `NAME=12`; names may hold equals signs. */
function countOf(text: string, minimum: number): Record<string, number> {
  const at = text.lastIndexOf('=');
  if (at < 1) throw new InvalidArgumentError('expected NAME=COUNT, as in layer1=12');
  return { [text.slice(0, at)]: wholeNumber(minimum)(text.slice(at + 1)) };
}

/** Parses `NAME=CHOICE`; names may hold equals signs. */
function choiceOf(text: string, choices: readonly FieldChoice[]): Record<string, string> {
  const at = text.lastIndexOf('=');
  const word = text.slice(at + 1);
  if (at < 1 || !choices.some((choice) => wordOf(choice) === word)) {
    throw new InvalidArgumentError(`expected LAYER=${choices.map(wordOf).join('|')}`);
  }
  return { [text.slice(0, at)]: word };
}

/** Parses `TENSOR=LEAST:GREATEST`; names may hold equals signs and colons. */
function rangeOf(text: string): Record<string, readonly number[]> {
  const [, name, least, greatest] = /^(.+)=([^=:]+):([^=:]+)$/u.exec(text) ?? [];
  const range = [Number(least), Number(greatest)] as const;
  if (name === undefined || !range.every(Number.isFinite) || range[0] >= range[1]) {
    throw new InvalidArgumentError('expected TENSOR=LEAST:GREATEST, as in /relu/Relu_output_0=0:6');
  }
  return { [name]: range };
}

function wordOf({ value, word }: FieldChoice): string {
  return word ?? String(value);
}

/** "The range holds every value." → "the range holds every value", as commander's helps read; "CPUs …" stays. */
function sentence(help: string): string {
  const start = /^\p{Lu}(?!\p{Lu})/u.test(help) ? help.charAt(0).toLowerCase() : help.charAt(0);
  return `${start}${help.slice(1).replace(/\.$/u, '')}`;
}

function standing(initial: unknown): string {
  return initial === undefined ? '' : ` (default: ${JSON.stringify(initial)})`;
}
