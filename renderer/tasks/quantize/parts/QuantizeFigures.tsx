import { useMemo, type ReactNode } from 'react';
import { metricOf } from '../../../../main/judge/metrics.ts';
import { formatBytes, formatDb, formatMs, formatNumber, formatPercent } from '../../../../main/judge/format.ts';
import { GOODNESS_TITLES, goodnessAmong } from '../../../../main/judge/predict/metric.ts';
import { pastNoiseError } from '../../../../main/judge/predict/noise.ts';
import { findPair } from '../../../../main/judge/pairing.ts';
import { numberOf, sharedGround } from '../../../../main/judge/trial-numbers.ts';
import { sayPair } from '../../../../main/judge/verdict.ts';
import { Figures } from '../../../design/Task.tsx';
import { hasUnlabelledData } from '../../../state/data.ts';
import { useLayerTrials } from '../../../state/queries.ts';
import { useSession } from '../../../state/session.ts';
import { Figure } from '../../../widgets/Figure.tsx';
import { goodnessNote, missingGoodness } from '../../../widgets/goodness-note.ts';
import type { DraftPrediction } from '../../../widgets/useDraftPrediction.ts';
import { noiseFigure, noiseNote } from '../noise-figure.ts';

/** What the recipe gives: predicted, then measured, each beside the baseline. */
export function QuantizeFigures({ prediction }: { readonly prediction: DraftPrediction }): ReactNode {
  const { predicted, measured, recipe } = prediction;
  const trials = useSession((state) => state.trials);
  const hasData = useSession((state) => state.datasetId !== null);
  const unlabelled = useSession(hasUnlabelledData);
  const baseline = trials.find((trial) => trial.baseline);
  const shown = recipe.steps.length === 0 ? baseline : measured;
  // Beside the baseline on the samples that both were measured on, whatever other trials were; a prediction is made on what most were.
  const couple =
    shown === null || shown === undefined ? trials : [baseline, shown].filter((trial) => trial !== undefined);
  const goodness = goodnessAmong(couple, shown);
  const guess = goodness ?? predicted.goodness;
  const base = goodnessAmong(couple, baseline);
  const unknown = missingGoodness({ data: hasData, labels: !unlabelled });
  const baseNote = base && `baseline ${metricOf(base.metric).format(base.value)}`;
  const time = sharedGround(couple)('latency');
  const latency = (shown && numberOf(shown, time)) ?? null;
  const latencyMs = latency?.value ?? predicted.latencyMs?.value ?? null;
  const baseMs = (baseline && numberOf(baseline, time)?.value) ?? null;
  const pair = shown && baseline && time.key !== null ? findPair('latency', time.key, shown, baseline) : undefined;
  const shownBytes = shown?.bytes ?? null;
  const bytes = shownBytes ?? predicted.bytes;
  const fused = measured?.quantize?.fusedShare ?? null;
  return (
    <Figures label="Expected result">
      <Figure
        label={guess ? GOODNESS_TITLES[guess.metric] : 'Accuracy'}
        value={guess && metricOf(guess.metric).format(guess.value)}
        predicted={goodness === null}
        missing={unknown.missing}
        note={guess ? [goodnessNote(guess), baseNote].filter(Boolean).join(', ') : (baseNote ?? unknown.note)}
      />
      <NoiseFigure prediction={prediction} />
      <Figure
        label="Latency (p50)"
        value={latencyMs === null ? null : formatMs(latencyMs)}
        predicted={latency === null}
        missing="profile the baseline"
        note={pair ? sayPair(time.metric, pair) : ratioNote(latencyMs, baseMs, formatMs)}
        help={
          latency
            ? 'Measured in turns with the baseline.'
            : 'Predicted from the baseline’s profile and what int8 did to such layers on an AVX2 machine. Needs a profile of the baseline.'
        }
      />
      <Figure
        label="File size"
        value={bytes === null ? null : formatBytes(bytes)}
        predicted={shownBytes === null && recipe.steps.length > 0}
        note={ratioNote(bytes, baseline?.bytes ?? null, formatBytes)}
      />
      <Figure
        label="Fused layers"
        value={fused === null ? null : formatPercent(fused)}
        missing="run to see"
        note="run as integer kernels"
        help="A quantized layer only gets faster when the runtime fuses its quantize and dequantize nodes with it into one integer kernel."
      />
    </Figures>
  );
}

/** How far the outputs are from the float model's: from what layers lost alone at once, then measured. */
function NoiseFigure({
  prediction: { recipe, measured, inputs },
}: {
  readonly prediction: DraftPrediction;
}): ReactNode {
  const modelId = useSession((state) => state.model?.entry.id ?? null);
  const schemes = useLayerTrials(modelId, 'schemes').data ?? null;
  const bits = useLayerTrials(modelId, 'bits').data ?? null;
  const { trials, quantizePlan } = inputs;
  const noise = useMemo(
    () => ({ schemes, bits, vnni: quantizePlan?.vnni ?? null, trials }),
    [schemes, bits, quantizePlan, trials],
  );
  const past = useMemo(() => pastNoiseError(noise), [noise]);
  const found = useMemo(() => noiseFigure({ recipe, measured }, noise), [recipe, measured, noise]);
  if (found === null) return null;
  return (
    <Figure
      label="SQNR of the outputs"
      value={found.sqnrDb === null ? null : formatDb(found.sqnrDb)}
      predicted={!found.measured}
      missing={found.missing}
      note={noiseNote(found, past)}
      help="Predicted from what each layer lost alone (Schemes; Bits for 4-bit weights): noise powers add up, corrected by what trials so far showed. Measured against the float model on the evaluation data."
    />
  );
}

function ratioNote(value: number | null, base: number | null, format: (value: number) => string): string {
  if (base === null) return '';
  const text = `baseline ${format(base)}`;
  return value === null || base === 0 ? text : `${formatNumber(value / base)}× of ${format(base)}`;
}
