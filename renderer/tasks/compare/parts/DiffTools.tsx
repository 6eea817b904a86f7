import { IconChevronDown, IconChevronUp } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import type { GraphCanvas } from '../../../viz/graph/graph-canvas.ts';
import { PictureDialog } from '../../../widgets/graph/PictureDialog.tsx';
import { GraphTool, GraphTools } from '../../../widgets/graph/GraphTools.tsx';
import type { GraphToolsProps } from '../../../widgets/graph/GraphTools.tsx';
import { diffLegend } from '../diff-looks.ts';
import { countStatuses } from '../model.ts';
import type { Diff } from '../diff.ts';
import { stepDifference } from '../store.ts';
import { DiffLegend } from './DiffLegend.tsx';
import classes from './DiffGraphs.module.css';

interface DiffToolsProps extends Omit<GraphToolsProps, 'picture'> {
  /** The graph that a picture is made of. */
  readonly pictured: () => GraphCanvas | null;
  /** What is compared: "baseline and int8". */
  readonly name: string;
  /** First in the bar. */
  readonly lead: ReactNode;
  readonly diff: Diff;
}

/** Over the graphs of a comparison: what the colours mean, steps from one difference to the next, and the view's tools. */
export function DiffTools({ diff, lead, name, pictured, children, ...tools }: DiffToolsProps): ReactNode {
  const rows = useMemo(() => [...diff.rows.values()], [diff]);
  const counts = useMemo(() => countStatuses(rows), [rows]);
  const [picture, setPicture] = useState<GraphCanvas | null>(null);
  const none = counts.same === rows.length;
  return (
    <div className={classes['tools']}>
      {lead}
      <DiffLegend counts={counts} />
      <GraphTools {...tools} picture={() => setPicture(pictured())}>
        <GraphTool label="The difference before (Shift+F7)" disabled={none} onClick={() => stepDifference(rows, -1)}>
          <IconChevronUp size={15} />
        </GraphTool>
        <GraphTool label="The next difference (F7)" disabled={none} onClick={() => stepDifference(rows, 1)}>
          <IconChevronDown size={15} />
        </GraphTool>
        {children}
      </GraphTools>
      {picture !== null && (
        <PictureDialog
          canvas={picture}
          name={name}
          legend={diffLegend(counts, name)}
          onClose={() => setPicture(null)}
        />
      )}
    </div>
  );
}
