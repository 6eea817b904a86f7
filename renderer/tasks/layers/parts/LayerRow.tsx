import { memo } from 'react';
import type { ReactNode } from 'react';
import type { LayerFacts } from '../../../state/layer-facts.ts';
import { selectLayer, useSelection } from '../../../state/selection.ts';
import { CATEGORY_COLORS } from '../../../viz/operator-colors.ts';
import classes from '../LayersPanel.module.css';
import { COLUMNS } from '../model.ts';

interface LayerRowProps {
  readonly layer: LayerFacts;
  readonly rowIndex: number;
  readonly top: number;
  readonly height: number;
  readonly template: string;
  readonly selected: boolean;
  readonly hovered: boolean;
}

/** One layer in the table. */
export const LayerRow = memo(function LayerRow(props: LayerRowProps): ReactNode {
  const { layer, rowIndex, top, height, template, selected, hovered } = props;
  return (
    // The grid that holds it takes the keys.
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={rowIndex}
      aria-selected={selected}
      className={classes['row']}
      data-hovered={hovered}
      style={{ top, height, gridTemplateColumns: template }}
      onClick={() => selectLayer(layer.name, 'table')}
      onMouseEnter={() => useSelection.getState().setHover(layer.name)}
    >
      {COLUMNS.map((column) => {
        const text = column.text(layer);
        return (
          <div
            key={column.id}
            role="gridcell"
            data-align={column.align}
            title={column.align === 'left' ? text : undefined}
          >
            {column.id === 'op' && (
              <span className={classes['dot']} style={{ background: CATEGORY_COLORS[layer.category] }} />
            )}
            {column.id === 'share' && layer.share !== null && (
              <span className={classes['bar']} style={{ width: `${Math.min(100, layer.share * 100)}%` }} />
            )}
            <span className={classes['text']}>{text}</span>
          </div>
        );
      })}
    </div>
  );
});
