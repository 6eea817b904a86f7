/**
 * The query language over layers. Terms with spaces between them must all hold.
 *
 *     conv layer1               both texts in the name, the operator or a tensor's name
 *     "conv1"                   exactly this name, operator or tensor
 *     op:Conv op:*Pool          operator (case does not matter; * is any text)
 *     op:Conv | op:Gemm         either
 *     (conv | gemm) -layer1     grouped; a minus means not
 *     shape:1x64                these dimensions one after the other in the output's shape
 *     @kernel_shape:3x3 @group>1 @dilations    attributes: their value, compared, there at all
 *     time>1ms share>=5%        amounts with units
 *     time:top10 sqnr:bottom5   the ten greatest, the five smallest
 *     after:conv1 before:add    everything computed from a layer; everything that it is computed from
 *     is:frozen                 a state
 */

export type Comparison = ':' | '=' | '>' | '<' | '>=' | '<=';

/** One term of a query. */
export interface Term {
  readonly kind: 'term';
  /** "op", "@group", "" for plain text; as it was written. */
  readonly field: string;
  /** Empty for plain text, and for an attribute that is only to be there. */
  readonly comparison: Comparison | '';
  readonly value: string;
  readonly quoted: boolean;
  /** Where the term stands in the text. */
  readonly start: number;
  readonly end: number;
}

export type Query =
  | { readonly kind: 'all'; readonly parts: readonly Query[] }
  | { readonly kind: 'any'; readonly parts: readonly Query[] }
  | { readonly kind: 'not'; readonly part: Query }
  | Term;

export interface QueryProblem {
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

interface Token {
  readonly sign: '(' | ')' | '|' | '-' | '';
  readonly term: Term | null;
  readonly start: number;
}

/** A minus is a sign only before a term; quotes hold blanks together; brackets stand for themselves inside a term. */
const TOKEN = /\(|\)|\||-(?=[^\s)|])|(?:(@?[\w.]+)(>=|<=|[:=<>]))?("[^"]*"?|[^\s"()|]*(?:\([^\s()]*\)[^\s"()|]*)*)/gu;

/** The terms and signs of a query, in order. */
export function tokens(text: string): readonly Token[] {
  const found: Token[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const [whole, field = '', comparison = '', value = ''] = match;
    if (whole === '') continue;
    if (whole === '(' || whole === ')' || whole === '|' || whole === '-')
      found.push({ sign: whole, term: null, start: match.index });
    else
      found.push({
        sign: '',
        term: termOf(field, comparison as Term['comparison'], value, match.index),
        start: match.index,
      });
  }
  return found;
}

function termOf(field: string, comparison: Term['comparison'], raw: string, start: number): Term {
  const end = start + field.length + comparison.length + raw.length;
  const value = raw.replaceAll('"', '');
  const quoted = raw.startsWith('"');
  if (field === '' && /^@[\w.]*$/u.test(raw))
    return { kind: 'term', field: raw, comparison, value: '', quoted, start, end };
  return { kind: 'term', field, comparison, value, quoted, start, end };
}

/** What a text asks for; an empty one asks for everything. Never throws: what does not fit is told among the problems. */
export function parseQuery(text: string): { readonly query: Query; readonly problems: readonly QueryProblem[] } {
  const all = tokens(text);
  const problems: QueryProblem[] = [];
  let at = 0;
  const any = (): Query => {
    const parts = [every()];
    while (all[at]?.sign === '|') {
      at++;
      parts.push(every());
    }
    const told = parts.filter((part) => part.kind !== 'all' || part.parts.length > 0);
    return told.length === 1 ? told[0]! : told.length === 0 ? { kind: 'all', parts: [] } : { kind: 'any', parts: told };
  };
  const every = (): Query => {
    const parts: Query[] = [];
    for (let token = all[at]; token !== undefined && token.sign !== '|' && token.sign !== ')'; token = all[at]) {
      const part = one();
      if (part !== null) parts.push(part);
    }
    return parts.length === 1 ? parts[0]! : { kind: 'all', parts };
  };
  const one = (): Query | null => {
    const token = all[at++]!;
    if (token.term !== null) return token.term;
    if (token.sign === '-') {
      const next = all[at];
      if (next === undefined || next.sign === '|' || next.sign === ')') return null;
      const part = one();
      return part === null ? null : { kind: 'not', part };
    }
    const inner = any();
    if (all[at]?.sign === ')') at++;
    else problems.push({ start: token.start, end: token.start + 1, message: 'This bracket is not closed.' });
    return inner;
  };
  const parts: Query[] = [any()];
  while (at < all.length) {
    const stray = all[at++]!;
    problems.push({ start: stray.start, end: stray.start + 1, message: 'No bracket was opened here.' });
    parts.push(any());
  }
  return { query: parts.length === 1 ? parts[0]! : { kind: 'all', parts }, problems };
}
