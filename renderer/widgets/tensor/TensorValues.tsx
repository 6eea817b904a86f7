import { ActionIcon, NumberInput } from '@mantine/core';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { formatCount, formatNumber } from '../../../main/judge/format.ts';
import { useTensorPage, type LookedInto } from '../../state/tensor-view.ts';
import { Loaded } from '../Loaded.tsx';
import classes from './TensorDialog.module.css';

interface TensorValuesProps {
  readonly shown: LookedInto;
  readonly elements: number;
  readonly shape: readonly number[];
}

const PAGE = 256;
const ACROSS = 8;

/** Every value, a page at a time, with the index of the first of each line. */
export function TensorValues({ shown, elements, shape }: TensorValuesProps): ReactNode {
  const [page, setPage] = useState(0);
  const pages = Math.max(1, Math.ceil(elements / PAGE));
  const query = useTensorPage(shown, page * PAGE, PAGE);
  return (
    <>
      <div className={classes['pager']}>
        <ActionIcon aria-label="Page before" disabled={page === 0} onClick={() => setPage(page - 1)}>
          <IconChevronLeft size={14} />
        </ActionIcon>
        <NumberInput
          aria-label="Page of values"
          prefix="page "
          w={120}
          min={1}
          max={pages}
          allowDecimal={false}
          value={page + 1}
          onChange={(value) => typeof value === 'number' && setPage(Math.max(0, Math.min(pages, value) - 1))}
        />
        <span className="lap-muted">of {formatCount(pages)}</span>
        <ActionIcon aria-label="Next page" disabled={page + 1 >= pages} onClick={() => setPage(page + 1)}>
          <IconChevronRight size={14} />
        </ActionIcon>
      </div>
      <Loaded query={query} loading="Reading the values…">
        {({ offset, values }) => (
          <div className={classes['values']} role="table" aria-label="Values">
            {linesOf(Array.from<number | string>(values)).map((line, index) => (
              <div key={offset + index * ACROSS} role="row" className={classes['line']}>
                <span role="rowheader">{indexText(offset + index * ACROSS, shape)}</span>
                {line.map((value, at) => (
                  <span key={offset + index * ACROSS + at} role="cell" title={String(value)}>
                    {typeof value === 'number' ? formatNumber(value, 5) : value}
                  </span>
                ))}
              </div>
            ))}
          </div>
        )}
      </Loaded>
    </>
  );
}

function linesOf(values: readonly (number | string)[]): readonly (readonly (number | string)[])[] {
  return Array.from({ length: Math.ceil(values.length / ACROSS) }, (_, line) =>
    values.slice(line * ACROSS, (line + 1) * ACROSS),
  );
}

/** The place of an element along each axis: "[0, 3, 2, 1]". */
function indexText(at: number, shape: readonly number[]): string {
  let rest = at;
  const places = shape.toReversed().map((size) => {
    const place = rest % Math.max(1, size);
    rest = Math.floor(rest / Math.max(1, size));
    return place;
  });
  return `[${places.toReversed().join(', ')}]`;
}
