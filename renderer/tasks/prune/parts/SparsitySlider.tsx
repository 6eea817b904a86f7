import type { KeyboardEvent, ReactNode } from 'react';
import { useRef } from 'react';
import { Slider, Text } from '@mantine/core';
import { formatPercent } from '../../../../main/judge/format.ts';
import { useEditedStep } from '../../../state/recipe.ts';
import classes from '../PruneView.module.css';
import { MAX_SPARSITY, sparsityByKey, sparsityShown } from '../model.ts';
import { dragSparsity, releaseSlider } from '../store.ts';

/** Share of the weights to set to zero. Dragging predicts, letting go measures. */
export function SparsitySlider(): ReactNode {
  const sparsity = sparsityShown(useEditedStep('prune'));
  const moved = useRef(false);
  const percent = Math.round(sparsity * 1000) / 10;
  // The slider's own keys know one step only; a key that is held goes on predicting and measures when it is let go.
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = sparsityByKey(percent, event.key, event.shiftKey);
    if (to === null) return;
    event.preventDefault();
    event.stopPropagation();
    dragSparsity(to / 100);
    moved.current = true;
  };
  const onKeyUp = (): void => {
    if (moved.current) releaseSlider();
    moved.current = false;
  };
  return (
    <div className={classes['slider']}>
      <Text fw={600} size="sm" aria-hidden>
        Sparsity
      </Text>
      <div className={classes['track']} onKeyDownCapture={onKeyDown} onKeyUp={onKeyUp} onBlur={onKeyUp}>
        <Slider
          thumbLabel="Sparsity"
          thumbProps={{ 'aria-valuetext': `${percent} %` }}
          min={0}
          max={MAX_SPARSITY * 100}
          step={1}
          value={percent}
          label={null}
          marks={[0, 25, 50, 75, 95].map((value) => ({ value, label: `${value} %` }))}
          onChange={(value) => dragSparsity(value / 100)}
          onChangeEnd={releaseSlider}
        />
      </div>
      <output className={classes['value']}>{formatPercent(sparsity)}</output>
    </div>
  );
}
