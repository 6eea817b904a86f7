import type { ReactNode } from 'react';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatPercent,
} from '../../../../main/judge/format.ts';
import { Figures } from '../../../design/Task.tsx';
import { lastStepOf } from '../../../../main/contract/recipe/kinds.ts';
import { Figure } from '../../../widgets/Figure.tsx';
import type { Training } from '../../../../main/contract/training.ts';
import { remainingMs, standings } from '../model.ts';
import type { ShownTraining } from '../use-shown-training.ts';

const STATUS: Readonly<Record<string, string>> = {
  preparing: 'preparing',
  training: 'training',
  paused: 'paused',
  stopped: 'stopped early by hand',
  done: 'done',
};

/** A training that nothing runs any more, and that did not end by itself, was broken off. */
function statusOf({ status, best, step, steps }: Training, running: boolean): string {
  const ended = status === 'done' || status === 'stopped';
  if (ended && best === 0) return `${STATUS[status]}; no step was better than none`;
  if (status === 'done' && step < steps) return 'done early: it got no better';
  return running || ended ? (STATUS[status] ?? '') : 'broken off; Run goes on from its last checkpoint';
}

/** Where the training stands, in numbers. */
export function DistillFigures({ shown: { trial, training, running } }: { readonly shown: ShownTraining }): ReactNode {
  const { before, kept } = training === null ? { before: undefined, kept: undefined } : standings(training);
  const batch = trial === null ? 64 : (lastStepOf(trial.recipe, 'distill')?.batch ?? 64);
  const left = training === null || !running ? null : remainingMs(training, batch);
  const agreement = kept?.agreement ?? null;
  const earlier = before?.agreement ?? null;
  const percent = (share: number): string => formatPercent(share);
  return (
    <Figures label="Training">
      <Figure
        label="Agreement, held out"
        value={agreement && percent(agreement.value)}
        missing="run to see"
        note={
          agreement === null
            ? ''
            : `${percent(agreement.low)} to ${percent(agreement.high)}${earlier && `, before ${percent(earlier.value)}`}`
        }
        help="Share of the samples that are not trained on which the model answers as its teacher does, in the state that is kept, with its 95 % interval."
      />
      <Figure
        label="Loss, held out"
        value={kept === undefined ? null : formatNumber(kept.loss)}
        note={before === undefined ? '' : `before ${formatNumber(before.loss)}`}
        help="What is minimised, on the samples that are not trained on, in the state that is kept."
      />
      <Figure
        label="Step"
        value={training === null ? null : `${formatCount(training.step)} of ${formatCount(training.steps)}`}
        note={
          training === null ? '' : statusOf(training, running) + (left === null ? '' : `, ${formatDuration(left)} left`)
        }
      />
      <Figure
        label="Speed"
        value={
          training?.samplesPerSecond === null || training === null
            ? null
            : `${formatCount(Math.round(training.samplesPerSecond))} /s`
        }
        note="samples trained on"
      />
      <Figure
        label="Learning rate"
        value={training?.rate === null || training === null ? null : training.rate.toExponential(1)}
        note={training !== null && training.rateTest.length > 0 ? 'found by a short test' : ''}
      />
      <Figure
        label="Memory"
        value={training === null ? null : memoryOf(training)}
        note={training === null ? '' : memoryNote(training)}
        help="Before and while it trains, what a step takes by its estimate: weights, the optimizer's vectors and what is kept for the way back. Afterwards, the most that the process took, the runtime and the samples with it."
      />
    </Figures>
  );
}

function memoryOf({ memoryBytes, estimate }: Training): string | null {
  if (memoryBytes !== null) return formatBytes(memoryBytes);
  return estimate === null ? null : formatBytes(estimate.stepBytes);
}

function memoryNote({ memoryBytes, estimate }: Training): string {
  const again = estimate === null || estimate.segments === 1 ? '' : `, in ${estimate.segments} segments`;
  if (memoryBytes === null) return estimate === null ? '' : `estimated for a step${again}`;
  return estimate === null
    ? 'of the process that trained'
    : `at most; a step ≈ ${formatBytes(estimate.stepBytes)}${again}`;
}
