import { IconChevronDown, IconChevronUp } from '@tabler/icons-react';
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { GraphTool, GraphTools } from '../../../widgets/graph/GraphTools.tsx';
import type { GraphToolsProps } from '../../../widgets/graph/GraphTools.tsx';
import { countStatuses } from '../model.ts';
import type { Diff } from '../diff.ts';
import { stepDifference } from '../store.ts';
import { DiffLegend } from './DiffLegend.tsx';
import classes from './DiffGraphs.module.css';

interface DiffToolsProps extends GraphToolsProps {
  /** First in the bar. */
  readonly lead: ReactNode;
  readonly diff: Diff;
}

/** Over the graphs of a comparison: what the colours mean, steps from one difference to the next, and the view's tools. */
export function DiffTools({ diff, lead, children, ...tools }: DiffToolsProps): ReactNode {
  const rows = useMemo(() => [...diff.rows.values()], [diff]);
  const counts = useMemo(() => countStatuses(rows), [rows]);
  const none = counts.same === rows.length;
  return (
    <div className={classes['tools']}>
      {lead}
      <DiffLegend counts={counts} />
      <GraphTools {...tools}>
        <GraphTool label="The difference before (Shift+F7)" disabled={none} onClick={() => stepDifference(rows, -1)}>
          <IconChevronUp size={15} />
        </GraphTool>
        <GraphTool label="The next difference (F7)" disabled={none} onClick={() => stepDifference(rows, 1)}>
          <IconChevronDown size={15} />
        </GraphTool>
        {children}
      </GraphTools>
    </div>
  );
}
