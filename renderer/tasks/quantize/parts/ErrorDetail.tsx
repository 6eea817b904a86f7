import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ErrorLayer, ErrorTable } from '../../../../main/contract/results.ts';
import type { QuantizePlan, Trial, TrialDetails } from '../../../../main/contract/studio.ts';
import { formatDb } from '../../../../main/judge/format.ts';
import { Heading } from '../../../design/Task.tsx';
import { useTrialDetails, useTrialErrors } from '../../../state/queries.ts';
import { NEW_STEP, settingsOf } from '../../../state/recipe-draft.ts';
import { excludedBy, useEditedStep, useRecipe } from '../../../state/recipe.ts';
import { useSelection } from '../../../state/selection.ts';
import { LayerLink } from '../../../widgets/LayerLink.tsx';
import { explainReduceRange, quantizeRows, reachWords } from '../model.ts';
import classes from '../QuantizeView.module.css';
import { LayerValues } from '../tensor/LayerValues.tsx';
import { LayerDetail } from './LayerDetail.tsx';

interface ErrorDetailProps {
  readonly trial: Trial | null;
  readonly plan: QuantizePlan;
}

/** How many of the ranking are named. */
const WORST = 5;

/** Beside the heat map: the selected layer, how far int8 reaches, the layers that lose most. */
export function ErrorDetail({ trial, plan }: ErrorDetailProps): ReactNode {
  const errors = useTrialErrors(trial?.id ?? null).data ?? null;
  const exclude = useRecipe(({ draft, chosen }) => excludedBy(draft, 'quantize', chosen));
  const step = settingsOf(useEditedStep('quantize'), 'quantize') ?? NEW_STEP.quantize;
  const details = useTrialDetails(trial?.id ?? null).data ?? null;
  const layer = useSelection((state) => state.layer);
  const reach = reachWords(quantizeRows(plan, new Set(exclude), details?.quantize ?? null), step);
  return (
    <>
      {errors !== null && <LayerDetail errors={errors} layer={layer} />}
      {trial !== null && layer !== null && hasCodes(layer, details, errors) && (
        <LayerValues trialId={trial.id} layer={layer} />
      )}
      {reach !== null && (
        <>
          <Heading>Reach</Heading>
          <Text className={`lap-muted ${classes['part']}`}>{reach}</Text>
        </>
      )}
      {'reduceRange' in step && (
        <Text className={`lap-muted ${classes['part']}`}>{explainReduceRange(step.reduceRange, plan.vnni)}</Text>
      )}
      {errors !== null && (
        <>
          <Heading>Worst by accumulated SQNR</Heading>
          <ol className={classes['worst']}>
            {worstLayers(errors, WORST).map((row) => (
              <li key={row.name}>
                <LayerLink name={row.name} />
                <span>{formatDb(row.sqnrDb)}</span>
              </li>
            ))}
          </ol>
          <Text className="lap-muted">{measuredOn(errors)}</Text>
        </>
      )}
    </>
  );
}

/** Whether a layer's values are codes in the trial: where errors were measured, those that were compared alone. */
function hasCodes(layer: string, details: TrialDetails | null, errors: ErrorTable | null): boolean {
  const compared = errors?.layers.find(({ name }) => name === layer);
  if (compared !== undefined) return compared.localSqnrDb !== null;
  return details?.quantize?.layers.some(({ name, quantized }) => name === layer && quantized) ?? false;
}

function worstLayers({ layers }: ErrorTable, count: number): readonly ErrorLayer[] {
  return [...layers].sort((a, b) => a.sqnrDb - b.sqnrDb).slice(0, count);
}

function measuredOn({ samples, samplesAlone, notes }: ErrorTable): string {
  const alone = samplesAlone > 0 && samplesAlone < samples ? `; layers alone on ${samplesAlone} of them` : '';
  return [`Measured on ${samples} samples${alone}.`, ...notes].join(' ');
}
