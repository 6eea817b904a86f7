import type { ReactNode } from 'react';
import type { ChannelPruning } from '../../../../main/contract/recipe/prune-channels.ts';
import { formatPercent, formatPredicted } from '../../../../main/judge/format.ts';
import { targetOf, type ChannelCut } from '../../../../main/judge/predict/channel-cut.ts';
import type { MeasuredPlan } from '../../../../main/judge/predict/measured-plan.ts';
import { KeepSlider } from '../parts/KeepSlider.tsx';
import classes from './channels.module.css';
import { narrowestShare } from './model.ts';

interface TargetSliderProps {
  readonly plan: MeasuredPlan;
  readonly step: ChannelPruning;
  /** The step is not there, or switched off: everything stays. */
  readonly off: boolean;
  readonly cut: ChannelCut | null;
  /** The cut was not made yet. */
  readonly predicted: boolean;
}

/** How much of what stays in all groups together, and what the allowed widths make of that. */
export function TargetSlider(props: TargetSliderProps): ReactNode {
  return (
    <KeepSlider step={props.step} off={props.off}>
      <Reached {...props} />
    </KeepSlider>
  );
}

/** What the allowed widths make of the wish. */
function Reached({ plan, step, off, cut, predicted }: TargetSliderProps): ReactNode {
  if (off) return <span className="lap-muted">nothing is cut</span>;
  const { measure } = targetOf(step);
  if (cut === null || cut.share === null) {
    return <span className="lap-muted">{measure === 'latency' ? 'timed while cutting' : 'not predicted'}</span>;
  }
  if (cut.met) {
    const share = formatPercent(cut.share);
    return <span className="lap-muted">{predicted ? formatPredicted(share) : share} reached</span>;
  }
  return (
    <span className={classes['warning']} role="status">
      {formatPercent(narrowestShare(plan, step, measure))} at least
    </span>
  );
}
