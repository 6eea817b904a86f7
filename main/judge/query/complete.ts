/** What can follow where the cursor stands in a query. */
import { findField, STATES, type Queried } from './fields.ts';
import { QUERY_FIELDS, type QueriedAttribute, type Surroundings } from './layer-test.ts';
import { tokens, type Term } from './parse.ts';

export interface Completion {
  /** What stands there once it is taken: "op:Conv ". */
  readonly insert: string;
  readonly label: string;
  /** What it means, or how many layers have it. */
  readonly note: string;
  /** What of the text it replaces. */
  readonly start: number;
  readonly end: number;
}

const MOST = 12;

/**
 * Completions of the term at the cursor, the likeliest first; none while a plain text is written that begins no field.
 * @param cursor place in the text, 0…length
 */
export function completeQuery<L extends Queried>(
  text: string,
  cursor: number,
  around: Surroundings<L>,
): readonly Completion[] {
  const term = tokens(text).find(
    (token) => token.term !== null && token.term.start < cursor && cursor <= token.term.end,
  )?.term;
  if (term === undefined || term === null || term.quoted) return [];
  const place = { start: term.start, end: term.end };
  if (term.comparison === '') return fieldCompletions(term, around, place).slice(0, MOST);
  const typed = term.value.toLowerCase();
  const values = valuesOf(term, around).filter(
    ({ value }) => value.toLowerCase().includes(typed) && value.toLowerCase() !== typed,
  );
  const first = ({ value }: Offer): number => (value.toLowerCase().startsWith(typed) ? 0 : 1);
  return values
    .sort((a, b) => first(a) - first(b))
    .slice(0, MOST)
    .map(({ value, note }) => ({
      insert: `${term.field}${term.comparison}${/[\s()|"]/u.test(value) ? `"${value}"` : value} `,
      label: value,
      note,
      ...place,
    }));
}

interface Offer {
  readonly value: string;
  readonly note: string;
}

type Place = Pick<Completion, 'start' | 'end'>;

function fieldCompletions<L extends Queried>(term: Term, around: Surroundings<L>, place: Place): readonly Completion[] {
  const typed = (term.field === '' ? term.value : term.field).toLowerCase();
  if (typed === '') return [];
  if (typed.startsWith('@')) {
    return attributeNames(around)
      .filter(({ value }) => `@${value.toLowerCase()}`.startsWith(typed))
      .map(({ value, note }) => ({ insert: `@${value}:`, label: `@${value}`, note, ...place }));
  }
  return QUERY_FIELDS.filter(({ name }) => name.startsWith(typed)).map(({ name, help, numeric }) => ({
    insert: `${name}${numeric ? '>' : ':'}`,
    label: `${name}${numeric ? '>' : ':'}`,
    note: help,
    ...place,
  }));
}

function valuesOf<L extends Queried>(term: Term, around: Surroundings<L>): Offer[] {
  const { layers } = around;
  const name = term.field.toLowerCase();
  if (name.startsWith('@')) return attributeValues(name.slice(1), around);
  if (name === 'is') return [...STATES].map(([value, { help }]) => ({ value, note: help }));
  if (name === 'shape')
    return counted(layers.flatMap(({ shape }) => (shape === null ? [] : [shape.map((dim) => dim ?? '?').join('x')])));
  if (name === 'after' || name === 'before') return layers.map((layer) => ({ value: layer.name, note: layer.op }));
  const field = findField(name);
  if (field === undefined) return [];
  if (field.kind === 'text')
    return counted(layers.flatMap((layer) => [...field.read(layer)].filter((value) => value !== '')));
  const extremes = ['top10', 'bottom10'].map((value) => ({
    value,
    note: value === 'top10' ? 'the ten greatest' : 'the ten smallest',
  }));
  const asked = term.comparison === ':' || term.comparison === '=';
  return asked ? extremes : [{ value: field.example, note: 'for example' }];
}

function attributesOf<L extends Queried>({ layers, attributes }: Surroundings<L>): readonly QueriedAttribute[] {
  return attributes === null ? [] : layers.flatMap(({ name }) => attributes(name));
}

function attributeNames<L extends Queried>(around: Surroundings<L>): readonly Offer[] {
  return counted(attributesOf(around).map(({ name }) => name));
}

function attributeValues<L extends Queried>(attribute: string, around: Surroundings<L>): Offer[] {
  const texts = attributesOf(around).filter(({ name }) => name.toLowerCase() === attribute);
  return counted(texts.map(({ text }) => text.replaceAll(/^\[|\]$/gu, '').replaceAll(/,\s*/gu, 'x')));
}

/** Each text once, the most frequent first, with how many layers have it. */
function counted(values: readonly string[]): Offer[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([value, count]) => ({ value, note: count === 1 ? '1 layer' : `${count} layers` }));
}
