import { sourcesOf } from '../../passes/pass.ts';
import type { QuantizedLayer } from '../layer-report.ts';
import type { PreparedModel } from '../prepare.ts';
import type { Refinement } from './refined-layer.ts';

/** The layers of the source with what refinement did to them. @param refined by layer of the prepared model */
export function withRefinements(
  layers: readonly QuantizedLayer[],
  { sources }: Pick<PreparedModel, 'sources'>,
  refined: ReadonlyMap<string, Refinement> | undefined,
): readonly QuantizedLayer[] {
  if (refined === undefined) return layers;
  const bySource = new Map<string, Refinement>();
  for (const [node, refinement] of refined) bySource.set(sourcesOf(sources, node)[0] ?? node, refinement);
  return layers.map((layer) => {
    const own = bySource.get(layer.name);
    return own === undefined ? layer : { ...layer, refined: own };
  });
}

/** What refinement did, in a sentence for each part of it. */
export function refinementNotes(refined: ReadonlyMap<string, Refinement> | undefined): readonly string[] {
  const all = [...(refined?.values() ?? [])];
  const learnt = all.flatMap(({ rounding }) => (rounding === null || rounding.before === 0 ? [] : [rounding]));
  const shifts = all.flatMap(({ biasShift }) => biasShift ?? []);
  const notes: string[] = [];
  if (learnt.length > 0) {
    const logs = learnt.map(({ before, after }) => Math.log(Math.max(after, Number.MIN_VALUE) / before));
    const mean = Math.exp(logs.reduce((sum, each) => sum + each, 0) / logs.length);
    notes.push(
      `The rounding of ${learnt.length} layers was learnt: the squared error of their outputs is ${mean.toFixed(2)} of what it is to the nearest (geometric mean).`,
    );
  }
  if (shifts.length > 0) {
    const most = (100 * Math.max(...shifts)).toPrecision(2);
    notes.push(
      `The biases of ${shifts.length} layers were corrected, by at most ${most} % of what a layer gives (RMS).`,
    );
  }
  return notes;
}
