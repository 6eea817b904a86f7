/** How far a long operation is. `total` is undefined while it is not known. */
export interface Progress {
  /** What is being done, as shown to people: "Calibrating", "Timing". */
  readonly stage: string;
  readonly done: number;
  readonly total: number | undefined;
  /** What the stage tells beside that, for those who know it; plain data. */
  readonly told?: unknown;
}

/** What every long operation of the engine takes: where to report, and when to stop. */
export interface TaskContext {
  readonly signal: AbortSignal;
  readonly progress: (progress: Progress) => void;
}

/** A context that reports nowhere and never stops; for tests and for short internal steps. */
export function quietContext(): TaskContext {
  return { signal: new AbortController().signal, progress: () => undefined };
}
