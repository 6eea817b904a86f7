import type { ReactNode } from 'react';
import { selectLayer, useSelection } from '../state/selection.ts';
import classes from './LayerLink.module.css';

/** A layer's name that picks it in every view. */
export function LayerLink({ name }: { readonly name: string }): ReactNode {
  return (
    <button
      type="button"
      className={classes['link']}
      title={name}
      onClick={(event) => {
        event.stopPropagation();
        selectLayer(name, 'chart');
      }}
      onMouseEnter={() => useSelection.getState().setHover(name)}
      onMouseLeave={() => useSelection.getState().setHover(null)}
    >
      {name}
    </button>
  );
}
