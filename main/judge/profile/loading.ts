import type { Profile } from '../../contract/results.ts';

/** What a step of loading stands for. */
export type LoadingPart = 'parse' | 'optimise' | 'prepack' | 'rest' | 'call' | 'load' | 'first' | 'answer';

export interface LoadingStep {
  readonly part: LoadingPart;
  readonly title: string;
  /** What it adds; of a total the sum so far. */
  readonly ms: number;
  readonly isTotal: boolean;
  readonly help: string;
  /** The runtime could not be brought to tell it: it is in what initialising takes else. */
  readonly unknown: boolean;
}

const WORDS: Readonly<Record<LoadingPart, { readonly title: string; readonly help: string }>> = {
  parse: { title: 'Parsing', help: 'Reading the file and turning it into the runtime’s graph, as the runtime tells.' },
  optimise: {
    title: 'Optimising',
    help: 'Folding, fusing and rewriting the graph: what a session of the already rewritten graph took less. Save that graph (optimized_model_filepath) to spare it at every start.',
  },
  prepack: {
    title: 'Prepacking',
    help: 'Copying weights into the layouts of the kernels: what the session of the rewritten graph took less without it.',
  },
  rest: {
    title: 'Other initialising',
    help: 'Planning memory, making kernels, placing weights: the rest of what the runtime tells.',
  },
  call: {
    title: 'Call',
    help: 'Between the caller’s clock and the runtime’s: making threads and the session’s handle.',
  },
  load: { title: 'Session ready', help: 'A session made as users make it, by the caller’s clock.' },
  first: {
    title: 'First run',
    help: 'The first run of a fresh session, under the profiler: pages are touched and buffers made for the first time.',
  },
  answer: { title: 'First answer', help: 'From the file to the outputs of the first run.' },
};

/** Parsing + optimising + prepacking + the rest + call = session ready; with the first run: first answer. Null: not measured. */
export function loadingSteps({ loading, runs }: Pick<Profile, 'loading' | 'runs'>): readonly LoadingStep[] | null {
  if (loading === null || loading === undefined) return null;
  const { totalMs, parseMs, initialiseMs, optimiseMs, prepackMs } = loading;
  const step = (part: LoadingPart, ms: number | null, isTotal = false): LoadingStep => ({
    part,
    ...WORDS[part],
    ms: ms ?? 0,
    isTotal,
    unknown: ms === null,
  });
  const first = runs?.[0]?.use === 'warm-up' ? runs[0].runUs / 1000 : null;
  return [
    step('parse', parseMs),
    step('optimise', optimiseMs),
    step('prepack', prepackMs),
    step('rest', initialiseMs - (optimiseMs ?? 0) - (prepackMs ?? 0)),
    step('call', totalMs - parseMs - initialiseMs),
    step('load', totalMs, true),
    ...(first === null ? [] : [step('first', first), step('answer', totalMs + first, true)]),
  ];
}
