import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { BlockPruning } from '../../../../main/contract/recipe/prune-blocks.ts';
import type { RankPruning } from '../../../../main/contract/recipe/prune-rank.ts';
import { formatPercent } from '../../../../main/judge/format.ts';
import { useTrialDetails } from '../../../state/queries.ts';
import { BaselineHint } from '../../../widgets/BaselineHint.tsx';
import type { DraftPrediction } from '../../../widgets/useDraftPrediction.ts';
import classes from '../PruneView.module.css';
import { changedRows, changedWords, STRUCTURE_WORDS } from '../structure.ts';
import { KeepSlider } from './KeepSlider.tsx';
import { StructureFigures } from './StructureFigures.tsx';

interface StructureBodyProps {
  readonly step: BlockPruning | RankPruning;
  /** The step is not there, or switched off. */
  readonly off: boolean;
  readonly prediction: DraftPrediction;
}

/** Pruning of whole blocks, or by low rank: a target, and what the cut made of it. Nothing of it is known before it is made. */
export function StructureBody({ step, off, prediction }: StructureBodyProps): ReactNode {
  const made = useTrialDetails(off ? null : (prediction.measured?.id ?? null)).data?.prune ?? null;
  const rows = made === null ? [] : changedRows(made);
  const words = STRUCTURE_WORDS[step.structure];
  return (
    <>
      <KeepSlider step={step} off={off}>
        <span className="lap-muted">
          {off
            ? 'nothing is cut'
            : made === null
              ? 'told by the cut'
              : `${formatPercent(1 - made.sparsity.achieved)} reached`}
        </span>
      </KeepSlider>
      <BaselineHint />
      <StructureFigures prediction={prediction} />
      <Text className="lap-muted" px={14} py={4} role="status">
        {made === null ? words.before : changedWords(step.structure, rows.length)}
      </Text>
      {rows.length > 0 && (
        <div className={classes['changed']}>
          <table aria-label={words.table}>
            <thead>
              <tr className="lap-muted">
                <th scope="col">Layer</th>
                <th scope="col">Operator</th>
                <th scope="col">{words.column}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ name, op, left }) => (
                <tr key={name}>
                  <td>{name}</td>
                  <td>{op}</td>
                  <td>{left}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
