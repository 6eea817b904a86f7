import { Checkbox } from '@mantine/core';
import type { ReactNode } from 'react';
import { setExcluded } from '../../../state/recipe.ts';
import classes from '../PruneView.module.css';

interface PruneSwitchProps {
  readonly name: string;
  readonly excluded: boolean;
  /** Why it cannot be pruned; null: it can. */
  readonly frozen: string | null;
}

/** Leaves a layer alone, or takes it back in. */
export function PruneSwitch({ name, excluded, frozen }: PruneSwitchProps): ReactNode {
  return (
    <Checkbox
      aria-label={`Prune ${name}`}
      size="xs"
      checked={frozen === null && !excluded}
      disabled={frozen !== null}
      title={frozen ?? undefined}
      onClick={(event) => event.stopPropagation()}
      onChange={(event) => setExcluded('prune', [name], !event.currentTarget.checked)}
    />
  );
}

interface KeptBarProps {
  /** 0…1; null: not known, nothing is drawn. */
  readonly share: number | null;
  readonly predicted: boolean;
}

/** What stays of a layer: hollow while it is predicted, filled when it was measured. */
export function KeptBar({ share, predicted }: KeptBarProps): ReactNode {
  if (share === null) return null;
  return (
    <span className={classes['bar']} aria-hidden>
      <span className={classes['fill']} data-predicted={predicted} style={{ width: `${share * 100}%` }} />
    </span>
  );
}
