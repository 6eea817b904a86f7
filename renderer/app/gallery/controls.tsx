/** Every control in every state that it has. */
import {
  ActionIcon,
  Badge,
  Button,
  Checkbox,
  Loader,
  MultiSelect,
  NumberInput,
  Progress,
  Radio,
  SegmentedControl,
  Select,
  Slider,
  Switch,
  TextInput,
} from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Job } from '../../../main/contract/studio.ts';

/** As it stands; pointed at; focused by the keyboard; not to be used now; with something wrong; at work; with nothing in it. */
export const CONTROL_STATES = ['default', 'hover', 'focus', 'disabled', 'error', 'busy', 'empty'] as const;
export type ControlState = (typeof CONTROL_STATES)[number];

export interface Control {
  readonly title: string;
  /** The states that it has beside those that every control has. */
  readonly states: readonly ControlState[];
  readonly render: (state: ControlState, name: string) => ReactNode;
}

const ACTIVE = ['default', 'hover', 'focus', 'disabled'] as const;
const noop = (): void => undefined;
const NAMES = ['conv1', 'layer1.0', 'layer1.1'];
const wrong = (state: ControlState, text: string): { error?: string } => (state === 'error' ? { error: text } : {});

const button = (variant: 'filled' | 'default' | 'subtle' | 'light'): Control => ({
  title: `Button, ${variant}`,
  states: [...ACTIVE, 'busy'],
  render: (state) => (
    <Button variant={variant} disabled={state === 'disabled'} loading={state === 'busy'} onClick={noop}>
      Measure
    </Button>
  ),
});

export const CONTROLS: readonly Control[] = [
  button('filled'),
  button('default'),
  button('subtle'),
  button('light'),
  {
    title: 'Icon',
    states: [...ACTIVE, 'busy'],
    render: (state, name) => (
      <ActionIcon aria-label={name} disabled={state === 'disabled'} loading={state === 'busy'}>
        <IconPlus size={13} />
      </ActionIcon>
    ),
  },
  {
    title: 'Text',
    states: [...ACTIVE, 'error', 'busy', 'empty'],
    render: (state, name) => (
      <TextInput
        aria-label={name}
        placeholder="Name of a layer"
        disabled={state === 'disabled'}
        rightSection={state === 'busy' ? <Loader /> : null}
        {...wrong(state, 'No layer is called so')}
        defaultValue={state === 'empty' ? '' : 'conv1'}
      />
    ),
  },
  {
    title: 'Number',
    states: [...ACTIVE, 'error', 'empty'],
    render: (state, name) => (
      <NumberInput
        aria-label={name}
        placeholder="auto"
        disabled={state === 'disabled'}
        {...wrong(state, 'At least 1')}
        defaultValue={state === 'empty' ? '' : 16}
      />
    ),
  },
  {
    title: 'Choice of one',
    states: [...ACTIVE, 'error', 'empty'],
    render: (state, name) => (
      <Select
        aria-label={name}
        data={NAMES}
        placeholder="none chosen"
        disabled={state === 'disabled'}
        {...wrong(state, 'Choose a layer')}
        defaultValue={state === 'empty' ? null : 'conv1'}
      />
    ),
  },
  {
    title: 'Choice of several',
    states: [...ACTIVE, 'error', 'empty'],
    render: (state, name) => (
      <MultiSelect
        aria-label={name}
        data={NAMES}
        {...(state === 'empty' ? { placeholder: 'none chosen' } : {})}
        disabled={state === 'disabled'}
        {...wrong(state, 'At most one')}
        defaultValue={state === 'empty' ? [] : NAMES.slice(0, 2)}
      />
    ),
  },
  {
    title: 'Check box',
    states: [...ACTIVE, 'error', 'empty'],
    render: (state) => (
      <Checkbox
        label="Fold constants"
        disabled={state === 'disabled'}
        {...wrong(state, 'Nothing to fold')}
        defaultChecked={state !== 'empty'}
      />
    ),
  },
  {
    title: 'Switch',
    states: [...ACTIVE, 'empty'],
    render: (state) => <Switch label="Int8" disabled={state === 'disabled'} defaultChecked={state !== 'empty'} />,
  },
  {
    title: 'Radio',
    states: ACTIVE,
    render: (state, name) => (
      <Radio name={name} value="a" label="By magnitude" disabled={state === 'disabled'} defaultChecked />
    ),
  },
  {
    title: 'Segments',
    states: ACTIVE,
    render: (state, name) => (
      <SegmentedControl
        aria-label={name}
        name={name}
        data={['Layers', 'Channels']}
        disabled={state === 'disabled'}
        defaultValue="Layers"
      />
    ),
  },
  {
    title: 'Slider',
    states: [...ACTIVE, 'empty'],
    render: (state, name) => (
      <Slider thumbLabel={name} w={130} disabled={state === 'disabled'} defaultValue={state === 'empty' ? 0 : 40} />
    ),
  },
  {
    title: 'Badge',
    states: ['default', 'error', 'busy', 'empty'],
    render: (state) => (
      <Badge color={{ error: 'red', busy: 'blue', empty: 'gray' }[state as string] ?? 'teal'}>
        {{ error: 'failed', busy: 'running', empty: 'queued' }[state as string] ?? 'done'}
      </Badge>
    ),
  },
  {
    title: 'Progress',
    states: ['default', 'busy', 'empty'],
    render: (state, name) => (
      <Progress
        aria-label={name}
        w={130}
        value={{ busy: 100, empty: 0 }[state as string] ?? 62}
        animated={state === 'busy'}
        striped={state === 'busy'}
      />
    ),
  },
];

/** A job in the middle of its work, for what shows one. */
export const SHOWN_JOB: Job = {
  id: 'gallery',
  kind: 'profile',
  title: 'Profile glyph-cnn',
  modelId: null,
  trialId: null,
  status: 'running',
  stage: 'Timing',
  done: 62,
  total: 100,
  startedAt: null,
  etaMs: 4200,
  error: null,
};
