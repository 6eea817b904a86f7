/** Texts that are split, joined, filtered. */
import type { Dim } from '../../../graph/ir.ts';
import { makeConstant } from '../../constant.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import { filled } from '../../filled.ts';
import type { NodeContext } from '../../node-context.ts';

/** [words] or [1, words] without the stop words; one empty text where none is left. */
export function inferNormalizer(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  if (shape !== undefined && shape.length > 2) context.fail(`X has rank ${shape.length}, expected 1 or 2 [1, words]`);
  const words = context.texts(0);
  const open = shape?.map((dim, axis): Dim => (axis === shape.length - 1 ? null : dim));
  if (shape === undefined || words === undefined) return [tensorFacts('string', open)];
  const exact = context.int('is_case_sensitive', 0) !== 0;
  const folded = (word: string): string => (exact ? word : word.toLowerCase());
  const utf8 = new TextDecoder();
  const stops = new Set((context.attributes.get('stopwords', 'strings') ?? []).map((it) => folded(utf8.decode(it))));
  const kept = words.filter((word) => !stops.has(folded(word)));
  const texts = kept.length === 0 ? [''] : kept.map(caseChange(context.text('case_change_action', 'NONE')));
  const sizes = [...filled<number>(shape.length - 1, 1), texts.length];
  return [tensorFacts('string', sizes, makeConstant('string', sizes, texts))];
}

function caseChange(action: string): (word: string) => string {
  if (action === 'LOWER') return (word) => word.toLowerCase();
  return action === 'UPPER' ? (word) => word.toUpperCase() : (word) => word;
}

/** Parts of each text along a new last axis, as long as the most parts of one, and how many there are. */
export function inferStringSplit(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  const texts = context.texts(0);
  if (shape === undefined || texts === undefined) {
    return [tensorFacts('string', shape === undefined ? undefined : [...shape, null]), tensorFacts('int64', shape)];
  }
  const most = context.attributes.int('maxsplit') ?? Number.POSITIVE_INFINITY;
  const delimiter = context.text('delimiter', '');
  const parts = texts.map((text) => (delimiter === '' ? words(text, most) : split(text, delimiter, most)));
  const longest = parts.reduce((length, of) => Math.max(length, of.length), 0);
  const sizes = [...(shape as readonly number[]), longest];
  const padded = parts.flatMap((of) => [...of, ...filled(longest - of.length, '')]);
  const counts = parts.map((of) => of.length);
  return [
    tensorFacts('string', sizes, makeConstant('string', sizes, padded)),
    tensorFacts('int64', shape, makeConstant('int64', shape as readonly number[], counts)),
  ];
}

/** What stands between white space; what follows the last split stays whole. */
function words(text: string, most: number): readonly string[] {
  const found: string[] = [];
  let rest = text.trim();
  while (rest !== '' && found.length < most) {
    const at = rest.search(/\s/);
    if (at < 0) break;
    found.push(rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
  return rest === '' ? found : [...found, rest];
}

/** Every delimiter ends a part, which may be empty; what follows the last split stays whole. */
function split(text: string, delimiter: string, most: number): readonly string[] {
  const parts = text.split(delimiter);
  if (parts.length <= most + 1) return parts;
  return [...parts.slice(0, most), parts.slice(most).join(delimiter)];
}
