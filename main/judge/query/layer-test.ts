/** What a query means for the layers of a model. */
import {
  FIELDS,
  findField,
  parseAmount,
  STATES,
  type Field,
  type NumberField,
  type Queried,
  type TextField,
} from './fields.ts';
import { parseQuery, type Query, type QueryProblem, type Term } from './parse.ts';

/** An attribute as it is read: "[3, 3]", "1", "SAME_UPPER". */
export interface QueriedAttribute {
  readonly name: string;
  readonly text: string;
}

/** What is around the layers that are asked about. */
export interface Surroundings<L extends Queried> {
  /** All layers, for what compares one with the others: `time:top10`, `after:conv1`. */
  readonly layers: readonly L[];
  /** Of a layer by name; null: attributes are not known. */
  readonly attributes: ((layer: string) => readonly QueriedAttribute[]) | null;
}

export interface CompiledQuery<L extends Queried> {
  readonly test: (layer: L) => boolean;
  /** What is wrong with the text, and what cannot be known; the rest of it holds all the same. */
  readonly problems: readonly QueryProblem[];
}

/** Whether a query asks for attributes, which are fetched apart. */
export function asksAttributes(text: string): boolean {
  const inside = (query: Query): boolean => {
    if (query.kind === 'term') return query.field.startsWith('@');
    return query.kind === 'not' ? inside(query.part) : query.parts.some(inside);
  };
  return inside(parseQuery(text).query);
}

/** The test that a query means; an empty query accepts everything. Never throws. Time: layers × terms. */
export function compileQuery<L extends Queried>(text: string, around: Surroundings<L>): CompiledQuery<L> {
  const { query, problems: unclear } = parseQuery(text);
  const problems = [...unclear];
  const build = (part: Query): ((layer: L) => boolean) => {
    switch (part.kind) {
      case 'term':
        return termTest(part, around, problems);
      case 'not': {
        const test = build(part.part);
        return (layer) => !test(layer);
      }
      case 'all': {
        const tests = part.parts.map(build);
        return (layer) => tests.every((test) => test(layer));
      }
      case 'any': {
        const tests = part.parts.map(build);
        return (layer) => tests.some((test) => test(layer));
      }
    }
  };
  return { test: build(query), problems };
}

type Test<L> = (layer: L) => boolean;

function termTest<L extends Queried>(term: Term, around: Surroundings<L>, problems: QueryProblem[]): Test<L> {
  const { field, comparison, value } = term;
  const tell = (message: string): void => void problems.push({ start: term.start, end: term.end, message });
  if (field === '') {
    if (term.quoted) return (layer) => textsOf(layer).includes(value);
    return containsTest(value, textsOf);
  }
  if (field.startsWith('@')) return attributeTest(term, around.attributes, tell);
  const name = field.toLowerCase();
  // While a term is still being written it asks for nothing.
  if (value === '') return () => true;
  if (name === 'shape' && isEqual(comparison)) return shapeTest(value);
  if (name === 'is' && isEqual(comparison)) {
    const state = STATES.get(value.toLowerCase());
    if (state !== undefined) return state.holds;
    tell(`No state “${value}”: ${[...STATES.keys()].join(', ')}.`);
    return () => false;
  }
  if ((name === 'after' || name === 'before') && isEqual(comparison)) return reachTest(name, term, around.layers, tell);
  const known = findField(name);
  if (known !== undefined) return fieldTest(known, term, around.layers, tell);
  // Names of values may hold a colon: "conv1:0".
  const asText = containsTest<L>(`${field}${comparison}${value}`, textsOf);
  if (!around.layers.some(asText)) tell(`No field “${field}”: looked for as text.`);
  return asText;
}

function isEqual(comparison: Term['comparison']): boolean {
  return comparison === ':' || comparison === '=';
}

function fieldTest<L extends Queried>(
  field: Field,
  term: Term,
  layers: readonly L[],
  tell: (message: string) => void,
): Test<L> {
  if (field.kind === 'text') {
    if (!isEqual(term.comparison)) tell(`“${term.field}” is a text: ask with “${term.field}:”.`);
    return textTest(field, term.value);
  }
  const extreme = /^(top|bottom)(\d+)$/iu.exec(term.value);
  if (extreme !== null && isEqual(term.comparison))
    return extremeTest(field, layers, extreme[1]!.toLowerCase() === 'top', Number(extreme[2]));
  const limit = parseAmount(term.value);
  if (limit === null) {
    tell(`“${term.value}” is no amount: write ${term.field}>${field.example}, or ${term.field}:top10.`);
    return () => false;
  }
  return (layer) => compare(field.read(layer), term.comparison, limit);
}

function textTest<L extends Queried>(field: TextField, value: string): Test<L> {
  if (field.match === 'contains') return containsTest(value, field.read);
  const expression = wildcard(value);
  return (layer) => field.read(layer).some((text) => expression.test(text));
}

function textsOf(layer: Queried): readonly string[] {
  return [layer.name, layer.op, ...layer.inputs, ...layer.outputs];
}

function containsTest<L extends Queried>(text: string, textsOfLayer: (layer: Queried) => readonly string[]): Test<L> {
  const wanted = text.toLowerCase();
  return (layer) => textsOfLayer(layer).some((candidate) => candidate.toLowerCase().includes(wanted));
}

function wildcard(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`, 'i');
}

function shapeTest<L extends Queried>(text: string): Test<L> {
  const wanted = dimsIn(text);
  return ({ shape }) =>
    shape !== null &&
    runsIn(
      shape.map((dim) => String(dim ?? '?').toLowerCase()),
      wanted,
    );
}

function dimsIn(text: string): readonly string[] {
  return text
    .toLowerCase()
    .replaceAll(/[[\]\s]/gu, '')
    .split(/[x×,]/u)
    .filter((part) => part !== '');
}

/** Whether the wanted dimensions stand one after the other; `*` is any. */
function runsIn(dims: readonly string[], wanted: readonly string[]): boolean {
  return dims.some((_dim, start) =>
    wanted.every((part, offset) => start + offset < dims.length && (part === '*' || dims[start + offset] === part)),
  );
}

function compare(value: number | null, comparison: Term['comparison'], limit: number): boolean {
  if (value === null) return false;
  switch (comparison) {
    case '>':
      return value > limit;
    case '<':
      return value < limit;
    case '>=':
      return value >= limit;
    case '<=':
      return value <= limit;
    default:
      return value === limit;
  }
}

/** The layers with the greatest or smallest values; layers that are equal to the last one are among them. */
function extremeTest<L extends Queried>(
  field: NumberField,
  layers: readonly L[],
  greatest: boolean,
  count: number,
): Test<L> {
  const sign = greatest ? -1 : 1;
  const values = layers.flatMap((layer) => field.read(layer) ?? []).sort((a, b) => sign * (a - b));
  const last = values[Math.min(count, values.length) - 1];
  if (last === undefined) return () => false;
  return (layer) => {
    const value = field.read(layer);
    return value !== null && (greatest ? value >= last : value <= last);
  };
}

function attributeTest<L extends Queried>(
  { field, comparison, value }: Term,
  attributes: Surroundings<L>['attributes'],
  tell: (message: string) => void,
): Test<L> {
  if (attributes === null) {
    tell('The attributes have not been read yet.');
    return () => false;
  }
  const name = field.slice(1).toLowerCase();
  if (name === '') return () => true;
  const find = (layer: L): string | undefined =>
    attributes(layer.name).find((attribute) => attribute.name.toLowerCase() === name)?.text;
  if (comparison === '' || value === '') return (layer) => find(layer) !== undefined;
  if (isEqual(comparison)) {
    const expression = wildcard(value);
    const dims = dimsIn(value);
    return (layer) => {
      const text = find(layer);
      if (text === undefined) return false;
      const list = listIn(text);
      return list === null ? expression.test(text) : list.length === dims.length && runsIn(list, dims);
    };
  }
  const limit = parseAmount(value);
  if (limit === null) {
    tell(`“${value}” is no amount.`);
    return () => false;
  }
  return (layer) => {
    const text = find(layer);
    if (text === undefined) return false;
    const numbers = (listIn(text) ?? [text]).map(Number);
    return numbers.length > 0 && numbers.every((item) => !Number.isNaN(item) && compare(item, comparison, limit));
  };
}

/** "[3, 3]" as its items; null: no list. */
function listIn(text: string): readonly string[] | null {
  const match = /^\[(.*)\]$/u.exec(text);
  return match === null ? null : match[1]!.toLowerCase().split(/,\s*/u);
}

/** Everything computed from the layers of a name, or that they are computed from; they themselves are not among them. */
function reachTest<L extends Queried>(
  direction: 'after' | 'before',
  { value }: Term,
  layers: readonly L[],
  tell: (message: string) => void,
): Test<L> {
  const wanted = value.toLowerCase();
  const exact = layers.filter(({ name }) => name.toLowerCase() === wanted);
  const starts = exact.length > 0 ? exact : layers.filter(({ name }) => name.toLowerCase().includes(wanted));
  if (starts.length === 0) {
    tell(`No layer is called “${value}”.`);
    return () => false;
  }
  const ends = (layer: L): readonly string[] => (direction === 'after' ? layer.outputs : layer.inputs);
  const begins = (layer: L): readonly string[] => (direction === 'after' ? layer.inputs : layer.outputs);
  const touching = new Map<string, L[]>();
  for (const layer of layers)
    for (const passed of begins(layer)) {
      const known = touching.get(passed);
      if (known === undefined) touching.set(passed, [layer]);
      else known.push(layer);
    }
  const reached = new Set<string>();
  const open = [...starts];
  for (let layer = open.pop(); layer !== undefined; layer = open.pop())
    for (const next of ends(layer).flatMap((passed) => touching.get(passed) ?? [])) {
      if (reached.has(next.name)) continue;
      reached.add(next.name);
      open.push(next);
    }
  return ({ name }) => reached.has(name);
}

/** Names of the fields that stand before a comparison, with what they mean. */
export const QUERY_FIELDS: readonly { readonly name: string; readonly help: string; readonly numeric: boolean }[] = [
  ...[...FIELDS].map(([name, field]) => ({ name, help: field.help, numeric: field.kind === 'number' })),
  { name: 'shape', help: 'dimensions of its output: 1x64', numeric: false },
  { name: 'is', help: 'a state: frozen, folded, …', numeric: false },
  { name: 'after', help: 'computed from this layer', numeric: false },
  { name: 'before', help: 'what this layer is computed from', numeric: false },
];
