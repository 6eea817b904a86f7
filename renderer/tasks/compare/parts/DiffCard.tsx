import type { ReactNode } from 'react';
import { formatMs } from '../../../../main/judge/format.ts';
import type { StatusCounts } from '../diff-looks.ts';
import { LOOKS } from '../diff-looks.ts';
import { MATCH_WORDS, sayWeights } from '../model.ts';
import type { CompareRow } from '../model.ts';
import surface from '../../../widgets/graph/GraphSurface.module.css';

interface DiffCardProps {
  readonly row?: CompareRow;
  readonly group?: { readonly title: string; readonly counts: StatusCounts };
  /** Window coordinates. */
  readonly at: { readonly x: number; readonly y: number };
  /** Whether the group is open. */
  readonly open: boolean;
}

/** What is under the pointer: how it differs, and why it is taken for the same layer. */
export function DiffCard({ row, group, at, open }: DiffCardProps): ReactNode {
  const left = Math.min(at.x + 14, window.innerWidth - 340);
  const top = Math.min(at.y + 16, window.innerHeight - 140);
  return (
    <div className={surface['card']} style={{ left, top }} aria-hidden>
      {row !== undefined && <Layer row={row} />}
      {group !== undefined && (
        <>
          <div className={surface['name']}>{group.title}</div>
          <div className="lap-muted">
            {(['same', 'changed', 'removed', 'added'] as const)
              .filter((status) => group.counts[status] > 0)
              .map((status) => `${group.counts[status]} ${LOOKS[status].title}`)
              .join(', ')}
            {open ? '' : ' · double click to open'}
          </div>
        </>
      )}
    </div>
  );
}

function Layer({ row }: { readonly row: CompareRow }): ReactNode {
  const { name, nameB, op, status, matchedBy, weights, changes, timeAMs, timeBMs, fusedB } = row;
  return (
    <>
      <div className={surface['name']}>{nameB === null ? name : `${name} → ${nameB}`}</div>
      <div>
        {op} · {LOOKS[status].title}
        {matchedBy !== null && <span className="lap-muted"> · matched by {MATCH_WORDS[matchedBy]}</span>}
        {matchedBy === null && fusedB !== null && <span className="lap-muted"> · computed by {fusedB.into} in B</span>}
      </div>
      {changes.length > 0 && <div>{changes.join(', ')}</div>}
      {weights !== null && <div>{sayWeights(weights)}</div>}
      {timeAMs !== null && timeBMs !== null && (
        <div className="lap-muted">
          {formatMs(timeAMs)} → {formatMs(timeBMs)}
        </div>
      )}
    </>
  );
}
