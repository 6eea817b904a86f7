import { ActionIcon, Button, Checkbox, NumberInput, Popover, SegmentedControl, Text, Tooltip } from '@mantine/core';
import { IconAdjustmentsHorizontal } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { PlacedScale } from '../../viz/heat/heat-scale.ts';
import { useHeatChoice } from './heat-choice.ts';
import classes from './Heat.module.css';
import type { Heat } from './use-heat.ts';

/** More scales than this are set together only. */
const MOST_SCALES = 12;

/** Where the colours begin and end: for all columns that share a scale, or for each by itself. */
export function HeatScales({ heat }: { readonly heat: Heat }): ReactNode {
  const scales = [...new Set(heat.scales.filter((_, at) => heat.table.columns[at]?.plain === undefined))];
  return (
    <Popover position="bottom-end" withinPortal trapFocus>
      <Popover.Target>
        <Tooltip label="Colour scale">
          <ActionIcon aria-label="Colour scale">
            <IconAdjustmentsHorizontal size={14} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={classes['scale']}>
          <Checkbox
            label="Each column on a scale of its own"
            checked={heat.perColumn}
            onChange={(event) => heat.setPerColumn(event.currentTarget.checked)}
          />
          {scales.length > MOST_SCALES ? (
            <Text className="lap-muted">{scales.length} columns, each from its best to its worst.</Text>
          ) : (
            scales.map((scale) => <Bounds key={scale.key} heat={heat} scale={scale} />)
          )}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function Bounds({ heat, scale }: { readonly heat: Heat; readonly scale: PlacedScale }): ReactNode {
  const chosen = useHeatChoice((state) => state.choices[heat.id]?.scales?.[scale.key]);
  const { key, title } = scale;
  const choice = chosen ?? { min: null, max: null, kind: null };
  const bound = (end: 'min' | 'max'): ReactNode => (
    <NumberInput
      aria-label={`${end === 'min' ? 'Least' : 'Greatest'} of ${title}`}
      placeholder={Number(scale[end].toPrecision(3)).toString()}
      hideControls
      value={choice[end] ?? ''}
      onChange={(value) => heat.setScale(key, { ...choice, [end]: typeof value === 'number' ? value : null })}
    />
  );
  return (
    <>
      <div className={classes['bounds']}>
        <span title={title}>
          {title} {scale.scale.unit === '' ? '' : <span className="lap-muted">{scale.scale.unit}</span>}
        </span>
        {bound('min')}
        {bound('max')}
        <Button variant="subtle" disabled={chosen === undefined} onClick={() => heat.setScale(key, null)}>
          Reset
        </Button>
      </div>
      {scale.scale.mayBeLog && (
        <SegmentedControl
          aria-label={`Kind of the scale of ${title}`}
          value={scale.kind}
          onChange={(kind) => heat.setScale(key, { ...choice, kind: kind as 'linear' | 'log' })}
          data={[
            { value: 'linear', label: 'Linear' },
            { value: 'log', label: 'Logarithmic' },
          ]}
        />
      )}
    </>
  );
}
