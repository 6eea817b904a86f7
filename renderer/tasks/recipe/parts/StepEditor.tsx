import { ActionIcon, NumberInput, SegmentedControl, Select, Switch, Tooltip } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { stepParts } from '../../../../main/contract/recipe/kinds.ts';
import { effectiveFields } from '../../../../main/contract/recipe/step-fields.ts';
import type { FieldChoice, StepField } from '../../../../main/contract/recipe/step-kind.ts';
import { kindOf } from '../../../state/recipe-draft.ts';
import type { DraftStep } from '../../../state/recipe-draft.ts';
import { changeStep } from '../../../state/recipe.ts';
import { LayerLink } from '../../../widgets/LayerLink.tsx';
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

/** Letters that fit side by side in the panel. */
const SHORT = 21;

interface FieldControlProps {
  readonly field: StepField;
  readonly value: unknown;
  readonly onChange: (key: string, value: unknown, stroke?: string) => void;
}

function FieldControl({ field, value, onChange }: FieldControlProps): ReactNode {
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
          value={Number(value)}
          onChange={(number) => typeof number === 'number' && isWithin(number, field) && onChange(key, number, key)}
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
          w={136}
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

type Numbers = Readonly<Record<string, number>>;

interface TargetProps {
  readonly title: string;
  readonly measures: readonly FieldChoice[];
  /** One measure, with the share of it that stays. */
  readonly value: Numbers;
  readonly onChange: (value: Numbers, stroke: boolean) => void;
}

/** The share that stays, and of which measure. */
function Target({ title, measures, value, onChange }: TargetProps): ReactNode {
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

interface CountsProps {
  readonly title: string;
  readonly minimum: number;
  readonly counts: Numbers;
  readonly onChange: (counts: Numbers, stroke: boolean) => void;
}

/** Numbers by name; names come in where they are shown (a table's slider), and go here. */
function Counts({ title, minimum, counts, onChange }: CountsProps): ReactNode {
  const names = Object.keys(counts);
  if (names.length === 0) return <span className="lap-muted">none</span>;
  return (
    <ul className={classes['layers']} aria-label={title}>
      {names.map((name) => (
        <li key={name}>
          <span>{name}</span>
          <NumberInput
            aria-label={`${title}, ${name}`}
            w={64}
            min={minimum}
            allowDecimal={false}
            value={counts[name] ?? minimum}
            onChange={(count) =>
              typeof count === 'number' && count >= minimum && onChange({ ...counts, [name]: count }, true)
            }
          />
          <ActionIcon
            size={16}
            aria-label={`Take ${name} off the list`}
            onClick={() =>
              onChange(Object.fromEntries(Object.entries(counts).filter(([other]) => other !== name)), false)
            }
          >
            <IconX size={11} />
          </ActionIcon>
        </li>
      ))}
    </ul>
  );
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
