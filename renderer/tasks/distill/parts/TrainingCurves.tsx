import type { ReactNode } from 'react';
import { formatNumber, formatPercent } from '../../../../main/judge/format.ts';
import type { Training } from '../../../../main/contract/training.ts';
import { EmptyState } from '../../../design/EmptyState.tsx';
import { Heading } from '../../../design/Task.tsx';
import { useTraining } from '../../../state/queries.ts';
import classes from '../DistillView.module.css';
import type { CurvePlace } from '../curves.ts';
import { agreementCurve } from '../model.ts';
import { useDistill } from '../store.ts';
import type { ShownTraining } from '../use-shown-training.ts';
import { CurveChart, type Curve } from './CurveChart.tsx';

/** Losses and agreement over the steps, while it trains and afterwards. */
export function TrainingCurves({ shown: { trial, training, running } }: { readonly shown: ShownTraining }): ReactNode {
  const otherId = useDistill((state) => state.other);
  const other = useTraining(otherId === trial?.id ? null : otherId).data ?? null;
  if (training === null || training.heldOut.length === 0) {
    return running ? (
      <EmptyState title="Preparing">The steps before it are made, then the training begins.</EmptyState>
    ) : (
      <EmptyState title="Nothing was trained yet">
        A pruned or quantized model learns back from its original, on some hundred samples without labels. Choose a
        preset and data, then Run.
      </EmptyState>
    );
  }
  return (
    <div className={classes['curves']}>
      <Heading>Loss over steps</Heading>
      <LossChart training={training} other={other} />
      <Agreement training={training} other={other} />
    </div>
  );
}

function LossChart({ training, other }: { readonly training: Training; readonly other: Training | null }): ReactNode {
  const curves: readonly Curve[] = [
    { name: 'trained on', look: 'thin', places: placesOf(training.train) },
    { name: 'held out', look: 'full', places: placesOf(training.heldOut) },
    ...(other === null
      ? []
      : [{ name: 'other run, held out', look: 'dashed', places: placesOf(other.heldOut) } as const]),
  ];
  return (
    <>
      <CurveChart
        label={`Loss over ${training.step} steps: trained, held out; the kept state is that of step ${training.best}`}
        steps={Math.max(training.steps, other?.steps ?? 0)}
        curves={curves}
        mark={training.best}
        format={formatNumber}
      />
      <p className="lap-muted">
        Thin: samples that are trained on, as augmented. Thick: samples that are held out.{' '}
        {other !== null && 'Dashed: those of the other run. '}The dotted line marks the state that is kept.
      </p>
    </>
  );
}

function placesOf(points: readonly { readonly step: number; readonly loss: number }[]): readonly CurvePlace[] {
  return points.map(({ step, loss }) => [step, loss]);
}

function Agreement({ training, other }: { readonly training: Training; readonly other: Training | null }): ReactNode {
  const points = agreementCurve(training);
  if (points.length === 0) return null;
  const others = other === null ? [] : agreementCurve(other);
  const least = Math.min(...points.map(({ low }) => low), ...others.map(({ value }) => value));
  const curves: readonly Curve[] = [
    ...(others.length === 0 ? [] : [{ name: 'other run', look: 'dashed', places: sharePlaces(others) } as const]),
    { name: 'agreement', look: 'full', places: sharePlaces(points) },
  ];
  return (
    <>
      <Heading>Agreement with the teacher, held out</Heading>
      <CurveChart
        label={`Agreement on ${training.samples.heldOut} held-out samples over the steps, with its 95 % interval`}
        steps={Math.max(training.steps, other?.steps ?? 0)}
        curves={curves}
        band={points}
        mark={training.best}
        domain={[Math.max(0, Math.floor(10 * least) / 10), 1]}
        format={formatPercent}
      />
    </>
  );
}

function sharePlaces(points: readonly { readonly step: number; readonly value: number }[]): readonly CurvePlace[] {
  return points.map(({ step, value }) => [step, value]);
}
