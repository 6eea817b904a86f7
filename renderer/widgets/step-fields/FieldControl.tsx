import { NumberInput, SegmentedControl, Select, Switch } from '@mantine/core';
import type { ReactNode } from 'react';
import type { StepField } from '../../../main/contract/recipe/step-kind.ts';
import { Counts } from './Counts.tsx';
import { LayerChoices } from './LayerChoices.tsx';
import { LayerNames } from './LayerNames.tsx';
import { ModelChooser } from './ModelChooser.tsx';
import { Ranges } from './Ranges.tsx';
import { Target } from './Target.tsx';
import classes from './step-fields.module.css';

/** Letters that fit side by side in the panel. */
const SHORT = 21;

interface FieldControlProps {
  readonly field: StepField;
  readonly value: unknown;
  readonly onChange: (key: string, value: unknown, stroke?: string) => void;
}

/** The control of one setting, by the description of it. */
export function FieldControl({ field, value, onChange }: FieldControlProps): ReactNode {
  const { key, title } = field;
  switch (field.control) {
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
          min={field.minimum}
          allowDecimal={false}
          value={Number(value)}
          onChange={(count) => typeof count === 'number' && count >= field.minimum && onChange(key, count, key)}
        />
      );
    case 'number':
      return (
        <NumberInput
          aria-label={title}
          w={92}
          min={field.minimum}
          max={field.maximum}
          {...(field.auto === true ? { placeholder: 'auto' } : {})}
          value={value === 'auto' ? '' : Number(value)}
          onChange={(number) => {
            if (number === '' && field.auto === true) onChange(key, 'auto', key);
            else if (typeof number === 'number' && isWithin(number, field)) onChange(key, number, key);
          }}
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
      // One choice is told, not chosen; few short ones stand side by side.
      if (data.length === 1) return <span>{data[0]!.label}</span>;
      const short = data.length < 4 && data.reduce((sum, { label }) => sum + label.length, 0) <= SHORT;
      return short ? (
        <SegmentedControl aria-label={title} value={String(value)} data={data} onChange={take} />
      ) : (
        <Select
          aria-label={title}
          className={classes['select'] ?? ''}
          value={String(value)}
          data={data}
          comboboxProps={{ width: 'max-content', position: 'bottom-end' }}
          onChange={take}
        />
      );
    }
    case 'target':
      return (
        <Target
          title={title}
          measures={field.measures}
          value={value as Readonly<Record<string, number>>}
          onChange={(next, stroke) => onChange(key, next, stroke ? key : undefined)}
        />
      );
    case 'counts':
      return (
        <Counts
          title={title}
          minimum={field.minimum}
          counts={value as Readonly<Record<string, number>>}
          onChange={(next, stroke) => onChange(key, next, stroke ? key : undefined)}
        />
      );
    case 'layer-choices':
      return (
        <LayerChoices
          title={title}
          choices={field.choices}
          chosen={value as Readonly<Record<string, string>>}
          onChange={(next) => onChange(key, next)}
        />
      );
    case 'ranges':
      return (
        <Ranges
          title={title}
          ranges={value as Readonly<Record<string, readonly [number, number]>>}
          onChange={(next, stroke) => onChange(key, next, stroke ? key : undefined)}
        />
      );
    case 'model':
      return <ModelChooser title={title} value={value as string} onChange={(next) => onChange(key, next)} />;
    case 'layers':
      return <LayerNames title={title} layers={value as readonly string[]} onChange={(next) => onChange(key, next)} />;
  }
}

function isWithin(
  number: number,
  { minimum, maximum }: { readonly minimum: number; readonly maximum: number },
): boolean {
  return number >= minimum && number <= maximum;
}
