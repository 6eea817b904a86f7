import type { ReactNode } from 'react';
import type { ChannelPlan } from '../../../../main/contract/channel-plan.ts';
import { formatBytes, formatCompact, formatMs, formatPercent } from '../../../../main/judge/format.ts';
import { metricOf } from '../../../../main/judge/metrics.ts';
import { fullTotals } from '../../../../main/judge/predict/widths.ts';
import { GOODNESS_TITLES, goodnessAmong } from '../../../../main/judge/predict/metric.ts';
import { numberOf, sharedGround } from '../../../../main/judge/trial-numbers.ts';
import { Figures } from '../../../design/Task.tsx';
import { useSession } from '../../../state/session.ts';
import { Figure } from '../../../widgets/Figure.tsx';
import { goodnessNote } from '../../../widgets/goodness-note.ts';
import type { DraftPrediction } from '../../../widgets/useDraftPrediction.ts';

interface ChannelFiguresProps {
  readonly plan: ChannelPlan;
  readonly prediction: DraftPrediction;
}

/** What is left of the model, before it is made and measured. */
export function ChannelFigures({ plan, prediction }: ChannelFiguresProps): ReactNode {
  const { predicted, measured, inputs, recipe } = prediction;
  const trials = useSession((state) => state.trials);
  const baseline = trials.find((trial) => trial.baseline);
  const untouched = recipe.steps.length === 0;
  const shown = untouched ? baseline : measured;
  // Beside the baseline on the samples that both were measured on, whatever other trials were.
  const couple = [baseline, shown].filter((trial) => trial !== undefined && trial !== null);
  const goodness = goodnessAmong(couple, shown);
  const guess = goodness ?? predicted.goodness;
  const ground = sharedGround(couple)('latency');
  const latency = (shown && numberOf(shown, ground)) ?? null;
  const latencyBefore = (baseline && numberOf(baseline, ground)) ?? null;
  const full = fullTotals(plan.widths);
  const made = measured?.prune ?? null;
  const macs = untouched ? full.macs : (made?.macs.after ?? predicted.effectiveMacs);
  const parameters = untouched ? full.parameters : (made?.parameters.after ?? predicted.nonZeroParameters);
  const bytes = shown?.bytes ?? predicted.bytes;
  const predictedHere = !untouched && made === null;
  return (
    <Figures label="Expected result">
      <Figure
        label={guess ? GOODNESS_TITLES[guess.metric] : 'Accuracy'}
        value={guess && metricOf(guess.metric).format(guess.value)}
        predicted={goodness === null}
        note={guess ? goodnessNote(guess) : untouched ? 'no data measured' : 'not known until measured'}
        help={
          goodness
            ? `Measured on ${goodness.samples} samples, with its 95 % interval.`
            : 'Between measured cuts by the same score it is interpolated over the removed share of squared weights. Beyond them, the sensitivity of the groups by this score gives a range (for obs where a repair follows, for other scores where none does): no loss at all, to as much as the sum of the divergences allows.'
        }
      />
      <Figure
        label="Latency (p50)"
        value={latency ? formatMs(latency.value) : predicted.latencyMs && formatMs(predicted.latencyMs.value)}
        predicted={latency === null}
        missing="not measured"
        note={
          untouched
            ? undefined
            : latency === null
              ? predicted.latencyMs === null
                ? 'time widths to predict it'
                : `${formatMs(predicted.latencyMs.low)} … ${formatMs(predicted.latencyMs.high)}`
              : (latencyBefore ?? undefined) && `of ${formatMs(latencyBefore!.value)}`
        }
        help={LATENCY_HELP}
      />
      <Figure label="MACs" {...share(macs, full.macs, formatCompact)} predicted={predictedHere} />
      <Figure label="Parameters" {...share(parameters, full.parameters, formatCompact)} predicted={predictedHere} />
      <Figure
        label="File size"
        {...share(bytes, inputs.modelBytes, formatBytes)}
        predicted={!untouched && (shown?.bytes ?? null) === null}
      />
    </Figures>
  );
}

const LATENCY_HELP =
  'Fewer multiply–accumulates are not the same share of the time: kernels like some widths better than others. Before a cut is measured, its latency is predicted from timed cuts of this model (batch 1, all cores), corrected by every cut that was measured since; the band is two standard deviations of what that left open.';

/** A number with what it was before, and the share of that. */
function share(
  after: number | null,
  before: number,
  format: (value: number) => string,
): { readonly value: string | null; readonly note: string } {
  const left = after === null || before === 0 ? '' : ` · ${formatPercent(after / before)}`;
  return { value: after === null ? null : format(after), note: `of ${format(before)}${left}` };
}
