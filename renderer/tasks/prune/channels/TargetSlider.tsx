import type { KeyboardEvent, ReactNode } from 'react';
import { useRef } from 'react';
import { SegmentedControl, Slider, Text } from '@mantine/core';
import type { ChannelPruning } from '../../../../main/contract/recipe/prune-channels.ts';
import { pruneKind } from '../../../../main/contract/recipe/prune.ts';
import { effectiveFields } from '../../../../main/contract/recipe/step-fields.ts';
import { formatPercent, formatPredicted } from '../../../../main/judge/format.ts';
import { targetOf, type ChannelCut } from '../../../../main/judge/predict/channel-cut.ts';
import type { MeasuredPlan } from '../../../../main/judge/predict/measured-plan.ts';
import { releaseSlider } from '../store.ts';
import task from '../PruneView.module.css';
import classes from './channels.module.css';
import { MIN_KEEP, narrowestShare, shareByKey } from './model.ts';
import { chooseMeasure, dragKeep, type TargetMeasure } from './store.ts';

interface TargetSliderProps {
  readonly plan: MeasuredPlan;
  readonly step: ChannelPruning;
  /** The step is not there, or switched off: everything stays. */
  readonly off: boolean;
  readonly cut: ChannelCut | null;
  /** The cut was not made yet. */
  readonly predicted: boolean;
}

/** How much stays, and of what. Dragging predicts, letting go measures. */
export function TargetSlider(props: TargetSliderProps): ReactNode {
  const { step, off } = props;
  const { measure, keep } = targetOf(step);
  const percent = off ? 100 : Math.round(keep * 1000) / 10;
  const moved = useRef(false);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = shareByKey(percent, event.key, event.shiftKey);
    if (to === null) return;
    event.preventDefault();
    event.stopPropagation();
    dragKeep(measure, to / 100);
    moved.current = true;
  };
  const onKeyUp = (): void => {
    if (moved.current) releaseSlider();
    moved.current = false;
  };
  const field = effectiveFields(pruneKind.fields, step).find(({ control }) => control === 'target');
  const measures = field?.control === 'target' ? field.measures : [];
  return (
    <div className={task['slider']}>
      <Text fw={600} size="sm" aria-hidden>
        Keep
      </Text>
      <SegmentedControl
        aria-label="Of what"
        value={measure}
        data={measures.map(({ value, title }) => ({ value: String(value), label: title }))}
        onChange={(chosen) => chooseMeasure(chosen as TargetMeasure, keep, off)}
      />
      <div className={task['track']} onKeyDownCapture={onKeyDown} onKeyUp={onKeyUp} onBlur={onKeyUp}>
        <Slider
          thumbLabel="Keep"
          min={MIN_KEEP * 100}
          max={100}
          step={1}
          value={percent}
          label={null}
          marks={[5, 25, 50, 75, 100].map((value) => ({ value, label: `${value} %` }))}
          onChange={(value) => dragKeep(measure, value / 100)}
          onChangeEnd={releaseSlider}
        />
      </div>
      <div className={classes['target']}>
        <output className={task['value']}>{formatPercent(percent / 100)}</output>
        <Reached {...props} />
      </div>
    </div>
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
