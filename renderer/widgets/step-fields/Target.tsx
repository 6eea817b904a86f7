import { NumberInput, Select } from '@mantine/core';
import type { ReactNode } from 'react';
import type { FieldChoice } from '../../../main/contract/recipe/step-kind.ts';
import classes from './step-fields.module.css';

interface TargetProps {
  readonly title: string;
  readonly measures: readonly FieldChoice[];
  /** One measure, with the share of it that stays. */
  readonly value: Readonly<Record<string, number>>;
  readonly onChange: (value: Readonly<Record<string, number>>, stroke: boolean) => void;
}

/** The share that stays, and of which measure. */
export function Target({ title, measures, value, onChange }: TargetProps): ReactNode {
  const [measure = '', share = 0] = Object.entries(value)[0] ?? [];
  return (
    <span className={classes['target']}>
      <NumberInput
        aria-label={`${title}, share`}
        w={76}
        suffix=" %"
        min={1}
        max={99}
        decimalScale={1}
        value={Number((share * 100).toFixed(1))}
        onChange={(percent) =>
          typeof percent === 'number' && percent > 0 && percent < 100 && onChange({ [measure]: percent / 100 }, true)
        }
      />
      <Select
        aria-label={`${title}, measure`}
        w={112}
        value={measure}
        data={measures.map((choice) => ({ value: String(choice.value), label: choice.title }))}
        comboboxProps={{ width: 'max-content', position: 'bottom-end' }}
        onChange={(chosen) => chosen !== null && onChange({ [chosen]: share }, false)}
      />
    </span>
  );
}
