import { SegmentedControl } from '@mantine/core';
import type { ReactNode } from 'react';
import { ToolbarSpace } from '../../../design/Task.tsx';
import { MAPS, MAP_TITLES, useShown, type ShownMap } from '../errors/shown.ts';
import classes from '../QuantizeView.module.css';

/** Chooses the heat map, beside its tools. */
export function MapBar({ children }: { readonly children?: ReactNode }): ReactNode {
  const map = useShown((state) => state.map);
  const setMap = useShown((state) => state.setMap);
  return (
    <div className={classes['bar']}>
      <SegmentedControl
        aria-label="Heat map"
        value={map}
        data={MAPS.map((value) => ({
          value,
          label: <span title={MAP_TITLES[value].help}>{MAP_TITLES[value].title}</span>,
        }))}
        onChange={(value) => setMap(value as ShownMap)}
      />
      <ToolbarSpace />
      {children}
    </div>
  );
}
