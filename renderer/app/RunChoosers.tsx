import { NumberInput, Popover } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { providerTitle } from '../../main/judge/providers.ts';
import { useSession } from '../state/session.ts';
import { useRunSettings } from '../state/settings.ts';
import chooser from './Chooser.module.css';
import { Chooser } from './Chooser.tsx';
import classes from './TitleBar.module.css';
import { batchChoices, freeDimensions, threadChoices } from './run-choices.ts';

/** How models are run: provider, threads, batch, and values for free dimensions where the model has some. */
export function RunChoosers(): ReactNode {
  const info = useSession((state) => state.info);
  const inspect = useSession((state) => state.model?.inspect);
  const { provider, threads, batch, set } = useRunSettings();
  const cores = info?.machine.cores ?? 1;
  const dims = inspect === undefined ? [] : freeDimensions(inspect.inputs);
  const providers = (info?.providers ?? []).map(({ name, available, reason }) => ({
    value: name,
    label: providerTitle(name),
    disabled: !available,
    ...(reason === null ? {} : { note: reason }),
  }));
  return (
    <>
      <Chooser
        label="Provider"
        quiet
        value={provider}
        choices={providers}
        onChange={(value) => set({ provider: value })}
        width={280}
      />
      <Chooser
        label="Threads"
        value={threads}
        choices={threadChoices(cores)}
        onChange={(value) => set({ threads: value })}
      />
      <Chooser
        label="Batch"
        value={batch}
        choices={batchChoices(batch)}
        onChange={(value) => set({ batch: value })}
        width={120}
      />
      {dims.length > 0 && <Dimensions names={dims} assumed={inspect?.assumedDims ?? {}} />}
    </>
  );
}

interface DimensionsProps {
  readonly names: readonly string[];
  readonly assumed: Readonly<Record<string, number>>;
}

function Dimensions({ names, assumed }: DimensionsProps): ReactNode {
  const dims = useRunSettings((state) => state.dims);
  const set = (name: string, value: number | string): void => {
    const { [name]: _old, ...others } = dims;
    useRunSettings
      .getState()
      .set({ dims: typeof value === 'number' && value > 0 ? { ...others, [name]: value } : others });
  };
  return (
    <Popover position="bottom-start">
      <Popover.Target>
        <button type="button" className={chooser['button']}>
          <span className={chooser['label']}>Dims</span>
          <span className={chooser['value']}>{Object.keys(dims).length === 0 ? 'auto' : Object.keys(dims).length}</span>
          <IconChevronDown size={12} className={chooser['arrow'] ?? ''} />
        </button>
      </Popover.Target>
      <Popover.Dropdown className={classes['dims'] ?? ''}>
        {names.map((name) => (
          <label key={name} style={{ display: 'contents' }}>
            <span>{name}</span>
            <NumberInput
              min={1}
              allowDecimal={false}
              placeholder={assumed[name] === undefined ? 'auto' : `auto (${assumed[name]})`}
              value={dims[name] ?? ''}
              onChange={(value) => set(name, value)}
            />
          </label>
        ))}
      </Popover.Dropdown>
    </Popover>
  );
}
