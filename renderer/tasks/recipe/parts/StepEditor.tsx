import { Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import { stepParts } from '../../../../main/contract/recipe/kinds.ts';
import { effectiveFields } from '../../../../main/contract/recipe/step-fields.ts';
import { kindOf } from '../../../state/recipe-draft.ts';
import type { DraftStep } from '../../../state/recipe-draft.ts';
import { changeStep } from '../../../state/recipe.ts';
import { FieldControl } from '../../../widgets/step-fields/FieldControl.tsx';
import classes from '../RecipePanel.module.css';

/** The settings of a step that have an effect, as a form made from the description of its kind. Every change can be undone. */
export function StepEditor({ entry }: { readonly entry: DraftStep }): ReactNode {
  const kind = kindOf(entry.step);
  const { kind: described, settings } = stepParts(entry.step);
  const change = (key: string, value: unknown, stroke?: string): void =>
    changeStep(entry, kind, { [key]: value }, stroke);
  return (
    <div className={classes['editor']}>
      {effectiveFields(described.fields, settings).map((field) => (
        <Tooltip key={field.key} label={field.help} multiline w={260} position="right">
          <div className={classes['setting']} data-type={field.control}>
            <span className="lap-muted">{field.title}</span>
            <FieldControl field={field} value={settings[field.key]} onChange={change} />
          </div>
        </Tooltip>
      ))}
    </div>
  );
}
