import { ActionIcon, Menu, TextInput, Tooltip } from '@mantine/core';
import { IconColumns, IconFilter } from '@tabler/icons-react';
import type { RowData } from '@tanstack/react-table';
import type { ReactNode } from 'react';
import { CopyTools } from './CopyTools.tsx';
import classes from './DataGrid.module.css';
import type { Grid } from './use-grid.ts';

interface GridToolsProps<Row extends RowData> {
  readonly grid: Grid<Row>;
  /** What the rows are, for names and messages: "layers". */
  readonly noun: string;
  /** Of the CSV file, without its ending. */
  readonly fileName: string;
  readonly placeholder?: string;
  /** A field of its own for the filter, instead of the plain one for words. */
  readonly filter?: ReactNode;
}

/** Filter, choice of columns, copy and CSV of a grid. */
export function GridTools<Row extends RowData>({
  grid,
  noun,
  fileName,
  placeholder,
  filter,
}: GridToolsProps<Row>): ReactNode {
  return (
    <>
      {filter === undefined ? (
        <TextInput
          aria-label={`Filter ${noun}`}
          placeholder={placeholder ?? 'Filter'}
          leftSection={<IconFilter size={12} />}
          leftSectionWidth={24}
          className={classes['filterBox'] ?? ''}
          classNames={{ input: classes['filter'] ?? '' }}
          value={grid.query}
          onChange={(event) => grid.setQuery(event.currentTarget.value)}
        />
      ) : (
        <div className={classes['filterBox']}>{filter}</div>
      )}
      <Menu position="bottom-end" closeOnItemClick={false} withinPortal>
        <Menu.Target>
          <Tooltip label="Columns">
            <ActionIcon aria-label={`Columns of the ${noun}`}>
              <IconColumns size={14} />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown mah="60vh" style={{ overflowY: 'auto' }}>
          <Menu.Label>Columns</Menu.Label>
          {grid.columns.map(({ key, title, help }) => (
            <Menu.CheckboxItem
              key={key}
              checked={grid.shown.some((column) => column.key === key)}
              title={help}
              onChange={(shown) => grid.setShown(key, shown)}
            >
              {title}
            </Menu.CheckboxItem>
          ))}
        </Menu.Dropdown>
      </Menu>
      <CopyTools columns={grid.shown} rows={grid.rows} noun={noun} fileName={fileName} />
    </>
  );
}
