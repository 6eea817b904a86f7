import { useMemo } from 'react';
import type { ReactNode } from 'react';
import type { ChannelPlan } from '../../../../main/contract/channel-plan.ts';
import { sortedScores } from '../../../../main/judge/predict/channel-cut.ts';
import classes from './channels.module.css';
import { scoreCurve, type GroupRow } from './model.ts';

interface ScoreStripProps {
  readonly plan: ChannelPlan;
  readonly score: string;
  readonly row: GroupRow;
}

/** The scores of a group's atoms, the best first: what stays is filled, what goes is pale. */
export function ScoreStrip({ plan, score, row }: ScoreStripProps): ReactNode {
  const path = useMemo(() => {
    const sorted = sortedScores(plan, score, row.at);
    if (sorted === null) return null;
    const points = scoreCurve(sorted).map(([x, y]) => `L${(x * 100).toFixed(2)} ${(16 - 15 * y).toFixed(2)}`);
    return `M0 16${points.join('')}L100 ${points.at(-1)?.split(' ')[1] ?? 16}L100 16Z`;
  }, [plan, score, row.at]);
  if (path === null) return <span className="lap-muted">told by the cut</span>;
  const gone = (1 - row.kept / row.atoms) * 100;
  return (
    <span className={classes['strip']} aria-hidden>
      <svg viewBox="0 0 100 16" preserveAspectRatio="none" className={classes['all']}>
        <path d={path} />
      </svg>
      <svg
        viewBox="0 0 100 16"
        preserveAspectRatio="none"
        className={classes['stays']}
        style={{ clipPath: `inset(0 ${gone}% 0 0)` }}
      >
        <path d={path} />
      </svg>
    </span>
  );
}
