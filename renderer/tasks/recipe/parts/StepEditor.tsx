import { ActionIcon, NumberInput, SegmentedControl, Select, Switch, Tooltip } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { kindOf } from '../../../state/recipe-draft.ts';
import type { DraftStep } from '../../../state/recipe-draft.ts';
import { changeStep } from '../../../state/recipe.ts';
import { LayerLink } from '../../../widgets/LayerLink.tsx';
import { describeKind } from '../step-kinds.ts';
import type { StepField } from '../step-kinds.ts';
import classes from '../RecipePanel.module.css';

/** The settings of a step as a form, made from the description of its kind. Every change can be undone. */
export function StepEditor({ entry }: { readonly entry: DraftStep }): ReactNode {
  const kind = kindOf(entry.step);
  const settings = Object.values(entry.step)[0] as Readonly<Record<string, unknown>>;
  const change = (key: string, value: unknown, stroke?: string): void =>
    changeStep(entry, kind, { [key]: value }, stroke);
  return (
    <div className={classes['editor']}>
      {describeKind(kind).fields.map((field) => (
        <Tooltip key={field.key} label={field.help} multiline w={260} position="right">
          <div className={classes['setting']} data-type={field.type}>
            <span className="lap-muted">{field.title}</span>
            <FieldControl field={field} value={settings[field.key]} onChange={change} />
          </div>
        </Tooltip>
      ))}
    </div>
  );
}

interface FieldControlProps {
  readonly field: StepField;
  readonly value: unknown;
  readonly onChange: (key: string, value: unknown, stroke?: string) => void;
}

function FieldControl({ field, value, onChange }: FieldControlProps): ReactNode {
  const { key, title } = field;
  switch (field.type) {
    case 'share':
      return (
        <NumberInput
          aria-label={title}
          w={92}
          suffix=" %"
          min={0}
          max={100}
          decimalScale={1}
          value={Number((Number(value) * 100).toFixed(1))}
          onChange={(percent) => typeof percent === 'number' && onChange(key, percent / 100, key)}
        />
      );
    case 'count':
      return (
        <NumberInput
          aria-label={title}
          w={92}
          min={1}
          allowDecimal={false}
          value={Number(value)}
          onChange={(count) => typeof count === 'number' && count >= 1 && onChange(key, count, key)}
        />
      );
    case 'switch':
      return (
        <Switch
          aria-label={title}
          checked={value === true}
          onChange={(event) => onChange(key, event.currentTarget.checked)}
        />
      );
    case 'choice': {
      const data = field.choices.map((choice) => ({ value: String(choice.value), label: choice.title }));
      const take = (text: string | null): void =>
        onChange(key, field.choices.find((choice) => String(choice.value) === text)?.value);
      return field.choices.length > 1 && field.choices.length < 4 ? (
        <SegmentedControl aria-label={title} value={String(value)} data={data} onChange={take} />
      ) : (
        <Select aria-label={title} w={120} value={String(value)} data={data} onChange={take} />
      );
    }
    case 'layers':
      return <LayerNames title={title} layers={value as readonly string[]} onChange={(next) => onChange(key, next)} />;
  }
}

interface LayerNamesProps {
  readonly title: string;
  readonly layers: readonly string[];
  readonly onChange: (layers: readonly string[]) => void;
}

function LayerNames({ title, layers, onChange }: LayerNamesProps): ReactNode {
  if (layers.length === 0) return <span className="lap-muted">none</span>;
  return (
    <ul className={classes['layers']} aria-label={title}>
      {layers.map((layer) => (
        <li key={layer}>
          <LayerLink name={layer} />
          <ActionIcon
            size={16}
            aria-label={`Take ${layer} off the list`}
            onClick={() => onChange(layers.filter((name) => name !== layer))}
          >
            <IconX size={11} />
          </ActionIcon>
        </li>
      ))}
    </ul>
  );
}
