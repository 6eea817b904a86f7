import { ActionIcon, Menu, TextInput, Tooltip, useComputedColorScheme } from '@mantine/core';
import { IconCopy, IconDownload, IconSearch, IconSortDescending, IconTopologyStar3 } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { copyText } from '../../state/clipboard.ts';
import { saveBlob, saveText } from '../../state/download.ts';
import { heatCsv } from '../../viz/heat/heat-table.ts';
import classes from './Heat.module.css';
import { heatPng, heatSvg } from './heat-files.ts';
import { HeatScales } from './HeatScales.tsx';
import type { Heat } from './use-heat.ts';

interface HeatToolsProps {
  readonly heat: Heat;
  /** What the rows are: "layers". */
  readonly noun: string;
  /** Of files, without their ending. */
  readonly fileName: string;
}

/** Search, order, scale, copy and export of a heat map. */
export function HeatTools({ heat, noun, fileName }: HeatToolsProps): ReactNode {
  const scheme = useComputedColorScheme('light');
  const alike = heat.order.by === 'likeness';
  return (
    <>
      <TextInput
        aria-label={`Search ${noun}`}
        placeholder="Search"
        leftSection={<IconSearch size={12} />}
        leftSectionWidth={24}
        className={classes['search'] ?? ''}
        value={heat.search}
        onChange={(event) => heat.setSearch(event.currentTarget.value)}
      />
      <Tooltip label={`In the ${noun}’ own order`}>
        <ActionIcon
          aria-label="Own order"
          aria-pressed={heat.order.by === 'own'}
          variant={heat.order.by === 'own' ? 'light' : 'subtle'}
          onClick={() => heat.setOrder({ by: 'own' })}
        >
          <IconSortDescending size={14} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={`Put ${noun} with alike numbers together`}>
        <ActionIcon
          aria-label="Cluster"
          aria-pressed={alike}
          variant={alike ? 'light' : 'subtle'}
          onClick={() => heat.setOrder({ by: alike ? 'own' : 'likeness' })}
        >
          <IconTopologyStar3 size={14} />
        </ActionIcon>
      </Tooltip>
      <HeatScales heat={heat} />
      <Tooltip label="Copy as CSV">
        <ActionIcon
          aria-label={`Copy the ${noun}`}
          onClick={() =>
            void copyText(heatCsv(heat.table, heat.shown), `${heat.shown.rows.length} ${noun} copied as CSV`)
          }
        >
          <IconCopy size={14} />
        </ActionIcon>
      </Tooltip>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Tooltip label="Save">
            <ActionIcon aria-label={`Save the ${noun}`}>
              <IconDownload size={14} />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => saveText(`${fileName}.csv`, heatCsv(heat.table, heat.shown), 'text/csv')}>
            Numbers (CSV)
          </Menu.Item>
          <Menu.Item onClick={() => saveText(`${fileName}.svg`, heatSvg(heat, scheme), 'image/svg+xml')}>
            Picture (SVG)
          </Menu.Item>
          <Menu.Item
            onClick={() =>
              void heatPng(heat, scheme).then((blob) => (blob === null ? undefined : saveBlob(`${fileName}.png`, blob)))
            }
          >
            Picture (PNG)
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
