import type { ReactNode } from 'react';
import { useSelection } from '../../../state/selection.ts';
import { CATEGORY_COLORS } from '../../../viz/operator-colors.ts';
import type { OutlineRow } from '../outline-model.ts';
import classes from './OutlineLine.module.css';

interface OutlineLineProps {
  readonly id: string;
  readonly row: OutlineRow;
  readonly top: number;
  readonly height: number;
  readonly selected: boolean;
  readonly active: boolean;
  readonly icon: ReactNode;
  readonly onClick: () => void;
}

/** One line of the outline: a group, or a layer with the colour of its operator. */
export function OutlineLine({ id, row, top, height, selected, active, icon, onClick }: OutlineLineProps): ReactNode {
  return (
    // The tree that holds it takes the keys.
    <div
      id={id}
      role="treeitem"
      tabIndex={-1}
      aria-level={row.depth + 1}
      aria-selected={selected}
      aria-expanded={row.kind === 'group' ? row.open : undefined}
      className={classes['line']}
      data-selected={selected}
      data-active={active}
      style={{ top, height, paddingLeft: 6 + row.depth * 12 }}
      title={row.id}
      onClick={onClick}
      onMouseEnter={() => row.kind === 'layer' && useSelection.getState().setHover(row.id)}
    >
      <span className={classes['icon']}>
        {icon ?? (
          <span
            className={classes['dot']}
            style={{ background: CATEGORY_COLORS[row.kind === 'layer' ? row.category : 'other'] }}
          />
        )}
      </span>
      <span className={classes['title']}>{row.title}</span>
      <span className={classes['note']}>{row.kind === 'group' ? row.layers : row.op}</span>
      {row.kind === 'group' && <span className="lap-unseen"> layers</span>}
    </div>
  );
}
