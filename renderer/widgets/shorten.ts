/** A long name with its middle left out: both its start and its end, which tells siblings apart, stay. */
export function shortened(name: string, length: number): string {
  if (name.length <= length) return name;
  const tail = Math.floor((length - 1) / 2);
  return `${name.slice(0, length - 1 - tail)}…${name.slice(-tail)}`;
}

/** Longest end of a layer's name that is never cut, characters. */
const TAIL_LIMIT = 22;

/**
 * A layer's name in two: the last two parts of its path, which tell layers apart, and what stands before them.
 * "/stage1/stage1.0/conv1/Conv" → "/stage1/stage1.0" and "/conv1/Conv". A name without parts is all tail.
 */
export function nameParts(name: string): { readonly head: string; readonly tail: string } {
  const last = name.lastIndexOf('/');
  const before = last > 0 ? name.lastIndexOf('/', last - 1) : -1;
  const cut = before > 0 && name.length - before <= TAIL_LIMIT ? before : Math.max(0, last);
  return { head: name.slice(0, cut), tail: name.slice(cut) };
}
