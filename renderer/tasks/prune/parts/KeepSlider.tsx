import type { KeyboardEvent, ReactNode } from 'react';
import { useRef } from 'react';
import { SegmentedControl, Slider, Text } from '@mantine/core';
import { pruneKind, type PruneStep } from '../../../../main/contract/recipe/prune.ts';
import { effectiveFields } from '../../../../main/contract/recipe/step-fields.ts';
import { formatPercent } from '../../../../main/judge/format.ts';
import classes from '../PruneView.module.css';
import { MIN_KEEP, shareByKey } from '../keep.ts';
import { chooseMeasure, dragKeep, releaseSlider, type StructureStep, type TargetMeasure } from '../store.ts';

interface KeepSliderProps {
  readonly step: StructureStep;
  /** The step is not there, or switched off: everything stays. */
  readonly off: boolean;
  /** What becomes of the wish, under the number. */
  readonly children: ReactNode;
}

/** How much stays, and of what. Dragging predicts where that can be predicted, letting go measures. */
export function KeepSlider({ step, off, children }: KeepSliderProps): ReactNode {
  const { structure } = step;
  const [[measure, keep]] = Object.entries(step.target) as [[TargetMeasure, number]];
  const percent = off ? 100 : Math.round(keep * 1000) / 10;
  const moved = useRef(false);
  const drag = (share: number): void => dragKeep(structure, measure, share);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = shareByKey(percent, event.key, event.shiftKey);
    if (to === null) return;
    event.preventDefault();
    event.stopPropagation();
    drag(to / 100);
    moved.current = true;
  };
  const onKeyUp = (): void => {
    if (moved.current) releaseSlider();
    moved.current = false;
  };
  const measures = measuresOf(step).map(({ value, title }) => ({ value: String(value), label: title }));
  return (
    <div className={classes['slider']}>
      <Text fw={600} size="sm" aria-hidden>
        Keep
      </Text>
      <SegmentedControl
        aria-label="Of what"
        value={measure}
        data={measures}
        onChange={(chosen) => chooseMeasure(structure, chosen as TargetMeasure, { keep, off })}
      />
      <div className={classes['track']} onKeyDownCapture={onKeyDown} onKeyUp={onKeyUp} onBlur={onKeyUp}>
        <Slider
          thumbLabel="Keep"
          min={MIN_KEEP * 100}
          max={100}
          step={1}
          value={percent}
          label={null}
          marks={[5, 25, 50, 75, 100].map((value) => ({ value, label: `${value} %` }))}
          onChange={(value) => drag(value / 100)}
          onChangeEnd={releaseSlider}
        />
      </div>
      <div className={classes['target']}>
        <output className={classes['value']}>{formatPercent(percent / 100)}</output>
        {children}
      </div>
    </div>
  );
}

function measuresOf(step: PruneStep): readonly { readonly value: unknown; readonly title: string }[] {
  const field = effectiveFields(pruneKind.fields, step).find(({ control }) => control === 'target');
  return field?.control === 'target' ? field.measures : [];
}
