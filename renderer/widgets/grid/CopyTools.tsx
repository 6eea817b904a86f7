import { ActionIcon, Tooltip } from '@mantine/core';
import { IconCopy, IconFileTypeCsv } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { copyText } from '../../state/clipboard.ts';
import { saveText } from '../../state/download.ts';
import { gridText } from './grid-column.ts';
import type { CellColumn } from './grid-column.ts';

export interface CopyToolsProps<Row> {
  readonly columns: readonly CellColumn<Row>[];
  readonly rows: readonly Row[];
  /** What the rows are, for names and messages: "layers". */
  readonly noun: string;
  /** Of the CSV file, without its ending. */
  readonly fileName: string;
}

/** A table to the clipboard (tabs) and to a CSV file. */
export function CopyTools<Row>({ columns, rows, noun, fileName }: CopyToolsProps<Row>): ReactNode {
  return (
    <>
      <Tooltip label="Copy the table">
        <ActionIcon
          aria-label={`Copy the ${noun}`}
          onClick={() => void copyText(gridText(columns, rows, '\t'), `${rows.length} ${noun} copied`)}
        >
          <IconCopy size={14} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Save as CSV">
        <ActionIcon
          aria-label={`Save the ${noun} as CSV`}
          onClick={() => saveText(`${fileName}.csv`, gridText(columns, rows), 'text/csv')}
        >
          <IconFileTypeCsv size={14} />
        </ActionIcon>
      </Tooltip>
    </>
  );
}
