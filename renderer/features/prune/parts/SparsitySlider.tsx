import type { ReactNode } from 'react';
import { Slider, Text } from '@mantine/core';
import { formatPercent } from '../../../design/format.ts';
import { useRecipe } from '../../../state/recipe.ts';
import classes from '../PruneView.module.css';
import { MAX_SPARSITY } from '../model.ts';
import { dragSparsity, releaseSparsity } from '../store.ts';

/** Share of the weights to set to zero. Dragging predicts, letting go measures. */
export function SparsitySlider(): ReactNode {
  const sparsity = useRecipe((state) => (state.draft.prune.enabled ? state.draft.prune.sparsity : 0));
  const percent = Math.round(sparsity * 1000) / 10;
  return (
    <div className={classes['slider']}>
      <Text fw={600} size="sm" aria-hidden>
        Sparsity
      </Text>
      <div className={classes['track']}>
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
          onChangeEnd={releaseSparsity}
        />
      </div>
      <output className={classes['value']}>{formatPercent(sparsity)}</output>
    </div>
  );
}
