import { Button } from '@mantine/core';
import { IconAlertOctagon, IconAlertTriangle, IconBulb, IconCheck, IconTool } from '@tabler/icons-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { FINDINGS, type Finding, type Fix, type Severity } from '../../../../main/contract/doctor.ts';
import type { Trial } from '../../../../main/contract/studio.ts';
import { useRecipe } from '../../../state/recipe.ts';
import { wholeRecipe } from '../../../state/recipe-draft.ts';
import { LayerLink } from '../../../widgets/LayerLink.tsx';
import classes from '../DoctorView.module.css';
import { evidenceText, holdsFix } from '../model.ts';
import { applyFix } from '../store.ts';

const ICONS: Readonly<Record<Severity, typeof IconBulb>> = {
  error: IconAlertOctagon,
  warning: IconAlertTriangle,
  hint: IconBulb,
};

/** Layers shown before "more" is asked for. */
const FIRST_LAYERS = 6;

interface FindingCardProps {
  readonly finding: Finding;
  readonly trial: Trial;
}

/** One finding: what and why, its numbers, its layers, its fix. */
export function FindingCard({ finding, trial }: FindingCardProps): ReactNode {
  const { code, severity, text, evidence, measured, fix } = finding;
  const Icon = ICONS[severity];
  return (
    <article className={classes['card']} data-severity={severity} aria-label={FINDINGS[code]}>
      <Icon className={classes['icon']} size={16} aria-hidden />
      <div className={classes['words']}>
        <h4 className={classes['title']}>
          {FINDINGS[code]}
          <span className="lap-muted">{measured ? 'measured here' : 'from the file'}</span>
        </h4>
        <p className={classes['text']}>{text}</p>
        {evidence.length > 0 && <p className={classes['evidence']}>{evidenceText(evidence)}</p>}
        <Layers layers={finding.layers} />
        {fix !== null && <FixLine fix={fix} trial={trial} />}
      </div>
    </article>
  );
}

function Layers({ layers }: { readonly layers: Finding['layers'] }): ReactNode {
  const [all, setAll] = useState(false);
  if (layers.length === 0) return null;
  const shown = all ? layers : layers.slice(0, FIRST_LAYERS);
  return (
    <ul className={classes['layers']} aria-label="Layers">
      {shown.map(({ name, note, evidence }) => (
        <li key={`${name} ${note}`}>
          <LayerLink name={name} />
          <span className="lap-muted">{[note, evidenceText(evidence)].filter(Boolean).join(', ')}</span>
        </li>
      ))}
      {shown.length < layers.length && (
        <li>
          <Button variant="subtle" color="gray" onClick={() => setAll(true)}>
            {layers.length - shown.length} more
          </Button>
        </li>
      )}
    </ul>
  );
}

function FixLine({ fix, trial }: { readonly fix: Fix; readonly trial: Trial }): ReactNode {
  const there = useRecipe(({ draft }) => holdsFix(wholeRecipe(draft), fix));
  return (
    <div className={classes['fix']}>
      <Button
        variant={there ? 'default' : 'light'}
        disabled={there}
        leftSection={there ? <IconCheck size={13} /> : <IconTool size={13} />}
        title={there ? 'The recipe holds this already' : 'Puts it into the recipe; undo takes it back'}
        onClick={() => applyFix(trial, fix)}
      >
        {there ? 'In the recipe' : 'Apply fix'}
      </Button>
      <span>
        {fix.title}
        {fix.evidence.length > 0 && <span className="lap-muted"> (tried: {evidenceText(fix.evidence)})</span>}
      </span>
    </div>
  );
}
