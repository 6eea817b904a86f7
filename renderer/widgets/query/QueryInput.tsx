import { Combobox, TextInput, useCombobox } from '@mantine/core';
import { useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { completeQuery, type Completion } from '../../../main/judge/query/complete.ts';
import type { Surroundings } from '../../../main/judge/query/layer-test.ts';
import type { QueryProblem } from '../../../main/judge/query/parse.ts';
import type { LayerFacts } from '../../state/layer-facts.ts';
import classes from './QueryInput.module.css';
import { QueryMenu } from './QueryMenu.tsx';

interface QueryInputProps {
  readonly label: string;
  readonly placeholder: string;
  readonly icon: ReactNode;
  readonly id?: string;
  readonly value: string;
  readonly around: Surroundings<LayerFacts>;
  readonly problems: readonly QueryProblem[];
  /** Names of what is found, for selecting it all. */
  readonly found: () => readonly string[];
  /** In the line of a table there is no room for the problem below: it is told by the field's tooltip. */
  readonly inline?: boolean;
  readonly className?: string;
  readonly onChange: (value: string) => void;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
}

const NONE: readonly Completion[] = [];

/**
 * A field for a query over layers: what can follow is offered while one writes (Tab takes the first, the arrows choose, Escape
 * closes the list), what is not understood is told, queries are kept and taken up again.
 */
export function QueryInput(props: QueryInputProps): ReactNode {
  const { label, placeholder, icon, id, value, around, problems, found, inline = false, onChange } = props;
  const input = useRef<HTMLInputElement>(null);
  const [cursor, setCursor] = useState<number | null>(null);
  const [active, setActive] = useState(-1);
  const offers = useMemo(
    () => (cursor === null ? NONE : completeQuery(value, cursor, around)),
    [value, cursor, around],
  );
  const open = offers.length > 0;
  const combobox = useCombobox({ opened: open });
  const problem = problems[0]?.message;

  const take = ({ insert, start, end }: Completion): void => {
    const text = `${value.slice(0, start)}${insert}${value.slice(end).trimStart()}`;
    onChange(text);
    const place = start + insert.length;
    setCursor(place);
    setActive(-1);
    requestAnimationFrame(() => input.current?.setSelectionRange(place, place));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    const chosen = offers[active] ?? (event.key === 'Tab' ? offers[0] : undefined);
    if (open && plain && (event.key === 'Tab' || event.key === 'Enter') && chosen !== undefined) take(chosen);
    else if (open && plain && event.key === 'ArrowDown') setActive(Math.min(offers.length - 1, active + 1));
    else if (open && plain && event.key === 'ArrowUp' && active >= 0) setActive(active - 1);
    else if (open && event.key === 'Escape') setCursor(null);
    else {
      if (event.key === 'Enter') setCursor(null);
      props.onKeyDown?.(event);
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className={props.className}>
      <Combobox store={combobox} onOptionSubmit={(at) => take(offers[Number(at)]!)} position="bottom-start" width={300}>
        <Combobox.Target withExpandedAttribute>
          <TextInput
            ref={input}
            {...(id === undefined ? {} : { id })}
            aria-label={label}
            placeholder={placeholder}
            leftSection={icon}
            leftSectionWidth={26}
            rightSection={<QueryMenu query={value} found={found} onTake={onChange} />}
            rightSectionWidth={26}
            {...(inline ? { classNames: { input: classes['inline'] ?? '' } } : {})}
            value={value}
            spellCheck={false}
            autoComplete="off"
            title={inline ? problem : undefined}
            error={inline && problem !== undefined}
            role="combobox"
            aria-autocomplete="list"
            onChange={(event) => {
              onChange(event.currentTarget.value);
              setCursor(event.currentTarget.selectionStart);
              setActive(-1);
            }}
            onBlur={() => setCursor(null)}
            onKeyDown={onKeyDown}
          />
        </Combobox.Target>
        {open && (
          <Combobox.Dropdown>
            <Combobox.Options mah={260} style={{ overflowY: 'auto' }}>
              {offers.map((offer, at) => (
                <Combobox.Option
                  key={`${offer.label}:${offer.note}`}
                  value={String(at)}
                  selected={at === active}
                  active={at === active}
                  className={classes['option'] ?? ''}
                  // The field keeps the focus.
                  onMouseDown={(event) => event.preventDefault()}
                >
                  <span className="lap-mono">{offer.label}</span>
                  <span className={classes['note']}>{offer.note}</span>
                </Combobox.Option>
              ))}
            </Combobox.Options>
          </Combobox.Dropdown>
        )}
      </Combobox>
      {!inline && problem !== undefined && (
        <p className={classes['problem']} role="status">
          {problem}
        </p>
      )}
    </div>
  );
}
