import { Button, NumberInput, Popover, Stack, Text } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { DatasetEntry } from '../../main/contract/studio.ts';
import { formatCount, formatPercent } from '../../main/judge/format.ts';
import { chooseSplit, useData } from '../state/data.ts';

/**
 * How one set that both calibrates and evaluates is cut in two, so that accuracy is not measured on samples that the model
 * was tuned to. Drawn where both choices are the same set.
 */
export function SplitControl({ entry }: { readonly entry: DatasetEntry }): ReactNode {
  const { share, seed } = useData((state) => state.split);
  const calibration = Math.round(entry.samples * share);
  return (
    <Popover position="bottom-start" width={290} withinPortal>
      <Popover.Target>
        <Button variant="default" rightSection={<IconChevronDown size={12} />} aria-label="Split of the data">
          {`Split ${formatPercent(share)} / ${formatPercent(1 - share)}`}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap={8}>
          <Text className="lap-muted">
            One set calibrates and evaluates: {formatCount(calibration)} samples calibrate, the other{' '}
            {formatCount(entry.samples - calibration)} evaluate. They never share one.
          </Text>
          <NumberInput
            label="Share that calibrates"
            suffix=" %"
            min={1}
            max={99}
            value={Number((share * 100).toFixed(1))}
            onChange={(value) =>
              typeof value === 'number' && value >= 1 && value <= 99 && chooseSplit({ share: value / 100 })
            }
          />
          <NumberInput
            label="Seed"
            description="Which samples are drawn"
            min={0}
            allowDecimal={false}
            value={seed}
            onChange={(value) => typeof value === 'number' && value >= 0 && chooseSplit({ seed: value })}
          />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
