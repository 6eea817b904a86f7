import type { ReactNode } from 'react';
import { formatBytes, formatCompact, formatMs, formatPercent } from '../../../../main/judge/format.ts';
import { metricOf } from '../../../../main/judge/metrics.ts';
import { GOODNESS_TITLES, goodnessAmong } from '../../../../main/judge/predict/metric.ts';
import { numberOf, sharedGround } from '../../../../main/judge/trial-numbers.ts';
import { Figures } from '../../../design/Task.tsx';
import { useSession } from '../../../state/session.ts';
import { Figure } from '../../../widgets/Figure.tsx';
import { goodnessNote } from '../../../widgets/goodness-note.ts';
import type { DraftPrediction } from '../../../widgets/useDraftPrediction.ts';

/** What is left of the model, once it is made and measured. */
export function StructureFigures({ prediction }: { readonly prediction: DraftPrediction }): ReactNode {
  const { measured, inputs, recipe } = prediction;
  const trials = useSession((state) => state.trials);
  const baseline = trials.find((trial) => trial.baseline);
  const untouched = recipe.steps.length === 0;
  const shown = untouched ? baseline : measured;
  // Beside the baseline on the samples that both were measured on, whatever other trials were.
  const couple = [baseline, shown].filter((trial) => trial !== undefined && trial !== null);
  const goodness = goodnessAmong(couple, shown);
  const ground = sharedGround(couple)('latency');
  const latency = (shown && numberOf(shown, ground)) ?? null;
  const before = (baseline && numberOf(baseline, ground)) ?? null;
  const made = measured?.prune ?? null;
  const { macs, parameters } = inputs.inspect;
  const left = (after: number | undefined, whole: number, format: (value: number) => string) => {
    const value = untouched ? whole : (after ?? null);
    const share = value === null || whole === 0 ? '' : ` · ${formatPercent(value / whole)}`;
    return { value: value === null ? null : format(value), note: `of ${format(whole)}${share}` };
  };
  return (
    <Figures label="Result">
      <Figure
        label={goodness ? GOODNESS_TITLES[goodness.metric] : 'Accuracy'}
        value={goodness && metricOf(goodness.metric).format(goodness.value)}
        missing="not measured"
        note={goodness ? goodnessNote(goodness) : undefined}
        help="Measured once the cut is made; nothing is predicted of cuts of this kind."
      />
      <Figure
        label="Latency (p50)"
        value={latency && formatMs(latency.value)}
        missing="not measured"
        note={untouched || before === null || latency === null ? undefined : `of ${formatMs(before.value)}`}
      />
      <Figure label="MACs" {...left(made?.macs.after, macs, formatCompact)} missing="told by the cut" />
      <Figure
        label="Parameters"
        {...left(made?.parameters.after, parameters, formatCompact)}
        missing="told by the cut"
      />
      <Figure
        label="File size"
        {...left(shown?.bytes ?? undefined, inputs.modelBytes, formatBytes)}
        missing="told by the cut"
      />
    </Figures>
  );
}
