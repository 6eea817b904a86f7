import type { ReactNode } from 'react';
import { Text } from '@mantine/core';
import { metricOf } from '../../../../main/judge/metrics.ts';
import { formatBytes, formatCompact, formatMs, formatPercent } from '../../../../main/judge/format.ts';
import { GOODNESS_TITLES, goodnessAmong } from '../../../../main/judge/predict/metric.ts';
import { numberOf, sharedGround } from '../../../../main/judge/trial-numbers.ts';
import { Figures } from '../../../design/Task.tsx';
import { hasUnlabelledData } from '../../../state/data.ts';
import { useSession } from '../../../state/session.ts';
import { Figure } from '../../../widgets/Figure.tsx';
import { goodnessNote, missingGoodness } from '../../../widgets/goodness-note.ts';
import type { DraftPrediction } from '../../../widgets/useDraftPrediction.ts';

function shownCount(count: number | null): string | null {
  return count === null ? null : formatCompact(count);
}

/** What is left of the model, predicted until it is measured. */
export function PruneFigures({ prediction }: { readonly prediction: DraftPrediction }): ReactNode {
  const { predicted, measured, inputs, recipe } = prediction;
  const trials = useSession((state) => state.trials);
  const hasData = useSession((state) => state.datasetId !== null);
  const unlabelled = useSession(hasUnlabelledData);
  const unknown = missingGoodness({ data: hasData, labels: !unlabelled });
  const baseline = trials.find((trial) => trial.baseline);
  const untouched = recipe.steps.length === 0;
  const shown = untouched ? baseline : measured;
  // Beside the baseline on the samples that both were measured on, whatever other trials were.
  const couple = [baseline, shown].filter((trial) => trial !== undefined && trial !== null);
  const goodness = goodnessAmong(couple, shown);
  const guess = goodness ?? predicted.goodness;
  const latency = (shown && numberOf(shown, sharedGround(couple)('latency'))) ?? null;
  const before = { parameters: inputs.inspect.parameters, macs: inputs.inspect.macs };
  const kept = measured?.prune ?? null;
  const shownBytes = shown?.bytes ?? null;
  const bytes = shownBytes ?? predicted.bytes;
  const sparsity = untouched ? 0 : (kept?.sparsity.achieved ?? predicted.cut?.sparsity ?? null);
  const threshold = predicted.cut?.threshold ?? null;
  return (
    <>
      <Figures label="Expected result">
        <Figure
          label={guess ? GOODNESS_TITLES[guess.metric] : 'Accuracy'}
          value={guess && metricOf(guess.metric).format(guess.value)}
          predicted={goodness === null}
          missing={unknown.missing}
          note={guess ? goodnessNote(guess) : unknown.note}
          help={
            goodness
              ? `Measured on ${goodness.samples} samples, with its 95 % interval.`
              : 'Predicted from the share of weight energy that the cut removes, and corrected by the trials measured so far.'
          }
        />
        <Figure
          label="Latency (p50)"
          value={latency ? formatMs(latency.value) : predicted.latencyMs && formatMs(predicted.latencyMs.value)}
          predicted={latency === null}
          missing="not measured"
          note={
            latency === null || latency.low === null || latency.high === null
              ? undefined
              : `${formatMs(latency.low)} … ${formatMs(latency.high)}`
          }
          help="Zeroed weights are multiplied like any other by this runtime: 90 % zeros ran in the same time as none. Only int8 changes it here."
        />
        <Figure
          label="Non-zero parameters"
          value={shownCount(untouched ? before.parameters : (kept?.parameters.after ?? predicted.nonZeroParameters))}
          predicted={!untouched && kept === null}
          note={`of ${formatCompact(kept?.parameters.before ?? before.parameters)}`}
        />
        <Figure
          label="Effective MACs"
          value={shownCount(untouched ? before.macs : (kept?.macs.after ?? predicted.effectiveMacs))}
          predicted={!untouched && kept === null}
          note={`of ${formatCompact(kept?.macs.before ?? before.macs)}`}
          help="Multiply–accumulates with a non-zero weight: what a runtime with sparse kernels would have to do."
        />
        <Figure
          label="File size"
          value={bytes === null ? null : formatBytes(bytes)}
          predicted={shownBytes === null && !untouched}
          note={`of ${formatBytes(inputs.modelBytes)}`}
          help="ONNX stores zeros like any other number; the file only gets smaller when it is compressed, or by int8."
        />
        <Figure
          label="Packed size"
          value={kept?.packed === undefined ? null : formatBytes(kept.packed.after)}
          missing="not measured"
          note={kept?.packed === undefined ? undefined : `of ${formatBytes(kept.packed.before)}`}
          help="Bytes of the model when zstd packs it, as for a download: this is what zeros are worth."
        />
        <Figure
          label="Sparsity reached"
          value={sparsity === null ? null : formatPercent(sparsity)}
          predicted={!untouched && kept === null}
          note={threshold === null ? 'of the prunable weights' : `|w| ≤ ${threshold.toPrecision(3)}`}
        />
      </Figures>
      <Text className="lap-muted" px={14} py={4}>
        Single zeros bring no speed on this runtime; they tell how much of the model is needed, and make it
        compressible.
      </Text>
    </>
  );
}
