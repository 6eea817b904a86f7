import { StudioError } from '../../base/errors.ts';

/** What is gathered over several runs in the runner, each under a number, until it is taken. */
export class Gathered<T> {
  readonly #known = new Map<number, T>();
  readonly #what: string;
  #next = 1;

  /** @param what what is gathered, as said to people: "observation" */
  constructor(what: string) {
    this.#what = what;
  }

  /** What is gathered under a number, or a new one where there is none yet. */
  open(id: number | null, make: () => T): { readonly id: number; readonly gathered: T } {
    if (id !== null) return { id, gathered: this.#get(id) };
    const gathered = make();
    this.#known.set(this.#next, gathered);
    return { id: this.#next++, gathered };
  }

  /** It is not kept any longer. */
  take(id: number): T {
    const gathered = this.#get(id);
    this.#known.delete(id);
    return gathered;
  }

  #get(id: number): T {
    const known = this.#known.get(id);
    if (known === undefined) throw new StudioError('INTERNAL', `No ${this.#what} ${id} in this runner; was it taken?`);
    return known;
  }
}
