import type { ReactNode } from 'react';
import { showDialog } from '../../state/dialogs.ts';
import { selectLayer } from '../../state/selection.ts';
import { showTab } from '../../state/ui.ts';
import classes from './RunDialog.module.css';

/** A layer's name that closes the dialog and goes to the layer in the graph. */
export function LayerJump({ name }: { readonly name: string }): ReactNode {
  return (
    <button
      type="button"
      className={classes['link']}
      title="Show it in the graph"
      onClick={() => {
        showDialog(null);
        showTab('graph');
        selectLayer(name, 'command');
      }}
    >
      {name}
    </button>
  );
}
