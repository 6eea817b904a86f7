import type { ReactNode } from 'react';
import { nameParts } from './shorten.ts';
import classes from './LayerName.module.css';

/** A layer's name in a narrow column: its end, which tells layers apart, stays readable; the start is cut off. */
export function LayerName({ name, title = name }: { readonly name: string; readonly title?: string }): ReactNode {
  const { head, tail } = nameParts(name);
  return (
    <span className={classes['name']} title={title}>
      <span className={classes['head']}>{head}</span>
      <span className={classes['tail']}>{tail}</span>
    </span>
  );
}
