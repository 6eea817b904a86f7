import type { ReactNode } from 'react';
import classes from './LayerName.module.css';

/** A layer's name in a narrow column: its end, which tells layers apart, stays readable; the start is cut off. */
export function LayerName({ name, title = name }: { readonly name: string; readonly title?: string }): ReactNode {
  return (
    <span className={classes['name']} title={title}>
      <bdi>{name}</bdi>
    </span>
  );
}
