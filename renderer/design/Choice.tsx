import { useId } from 'react';
import type { ReactNode } from 'react';
import classes from './Choice.module.css';

interface ChoiceProps<T extends string> {
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly data: readonly { readonly value: T; readonly label: string }[];
  readonly 'aria-label'?: string;
  readonly 'aria-labelledby'?: string;
}

/**
 * One of a few words side by side, as a segmented control looks. Nothing is measured and nothing moves, so that a change costs the
 * page next to nothing: for choices that are made while something large is looked at.
 */
export function Choice<T extends string>({ value, onChange, data, ...named }: ChoiceProps<T>): ReactNode {
  const name = useId();
  return (
    <div role="radiogroup" className={classes['choice']} {...named}>
      {data.map((item) => (
        <label key={item.value} className={classes['item']}>
          <input
            type="radio"
            className={classes['input']}
            name={name}
            value={item.value}
            checked={item.value === value}
            onChange={() => onChange(item.value)}
          />
          <span className={classes['word']}>{item.label}</span>
        </label>
      ))}
    </div>
  );
}
