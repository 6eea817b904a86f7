import type { ReactNode } from 'react';
import { NumberInput, SegmentedControl, Select, Switch, Text, Tooltip } from '@mantine/core';
import { editQuantize, useRecipe } from '../../../state/recipe.ts';
import classes from '../QuantizeView.module.css';
import { explainReduceRange } from '../model.ts';

/** How int8 is done; every change can be undone. */
export function QuantizeSettings({ vnni }: { readonly vnni: boolean | null }): ReactNode {
  const { calibrator, perChannel, reduceRange, samples } = useRecipe((state) => state.draft.quantize);
  const range = reduceRange === 'auto' ? 'auto' : reduceRange ? 'on' : 'off';
  return (
    <>
      <div className={classes['settings']} role="group" aria-label="Quantization settings">
        <Tooltip
          label="How the range of each activation is found. Min–max: the smallest and largest value seen."
          multiline
          w={260}
        >
          <div className={classes['field']}>
            <Text className="lap-muted">Calibrator</Text>
            <Select
              aria-label="Calibrator"
              w={110}
              value={calibrator}
              data={[{ value: 'minmax', label: 'Min–max' }]}
              onChange={() => editQuantize({ calibrator: 'minmax' })}
            />
          </div>
        </Tooltip>
        <div className={classes['field']}>
          <Text className="lap-muted">Samples</Text>
          <NumberInput
            aria-label="Calibration samples"
            w={80}
            min={1}
            max={100_000}
            allowDecimal={false}
            value={samples}
            onChange={(value) => typeof value === 'number' && value >= 1 && editQuantize({ samples: value }, 'samples')}
          />
        </div>
        <Tooltip
          label="One scale for each output channel of a weight instead of one for all: nearly always better, at no cost."
          multiline
          w={260}
        >
          <div>
            <Switch
              label="Per-channel weights"
              checked={perChannel}
              onChange={(event) => editQuantize({ perChannel: event.currentTarget.checked })}
            />
          </div>
        </Tooltip>
        <div className={classes['field']}>
          <Text className="lap-muted">Reduce range</Text>
          <SegmentedControl
            aria-label="Reduce range"
            value={range}
            onChange={(value) => editQuantize({ reduceRange: value === 'auto' ? 'auto' : value === 'on' })}
            data={[
              { value: 'auto', label: 'Auto' },
              { value: 'on', label: 'On' },
              { value: 'off', label: 'Off' },
            ]}
          />
        </div>
      </div>
      <Text className={`lap-muted ${classes['explain']}`}>{explainReduceRange(reduceRange, vnni)}</Text>
    </>
  );
}
