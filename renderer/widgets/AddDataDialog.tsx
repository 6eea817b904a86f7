import { useState } from 'react';
import type { ReactNode } from 'react';
import { Accordion, Button, Group, Modal, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { engine } from '../state/engine.ts';
import { chooseEvaluation } from '../state/data.ts';
import { pickPath } from '../state/pick-path.ts';
import { useSession } from '../state/session.ts';
import { asEngineError } from '../rpc/engine-error.ts';
import type { EngineError } from '../rpc/engine-error.ts';
import { EMPTY_DATA_FORM, checkDataForm } from './data-form.ts';
import type { DataForm } from './data-form.ts';

export interface AddDataDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Adds a data set by its path on the engine's machine, with its preprocessing. */
export function AddDataDialog({ opened, onClose }: AddDataDialogProps): ReactNode {
  const [form, setForm] = useState<DataForm>(EMPTY_DATA_FORM);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<EngineError | null>(null);
  const checked = checkDataForm(form);
  const problems = tried && !checked.ok ? checked.problems : {};
  const set = (patch: Partial<DataForm>): void => setForm((old) => ({ ...old, ...patch }));

  const add = async (): Promise<void> => {
    setTried(true);
    if (!checked.ok) return;
    setBusy(true);
    setError(null);
    try {
      const entry = await engine().call('dataset.add', checked.source);
      useSession.setState(({ datasets }) => ({ datasets: [...datasets.filter(({ id }) => id !== entry.id), entry] }));
      chooseEvaluation(entry.id);
      setForm(EMPTY_DATA_FORM);
      setTried(false);
      onClose();
    } catch (cause) {
      setError(asEngineError(cause));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Modal opened={opened} onClose={onClose} title="Add data" size="lg">
      <Stack gap="sm">
        <Text className="lap-muted">
          An .npz file (x, y), an .npy file, IDX files, or a folder with one folder of images for each class. It stays
          where it is; Lapidary only reads it.
        </Text>
        <Group align="end" gap="xs" wrap="nowrap">
          <TextInput
            label="Path"
            flex={1}
            data-autofocus
            value={form.path}
            error={problems.path}
            onChange={(event) => set({ path: event.currentTarget.value })}
          />
          <Button
            variant="default"
            h={30}
            onClick={() => void pickPath('data').then((path) => path !== null && set({ path }))}
          >
            Browse…
          </Button>
        </Group>
        <Accordion variant="contained" chevronPosition="left">
          <Accordion.Item value="preprocessing">
            <Accordion.Control>Preprocessing and labels</Accordion.Control>
            <Accordion.Panel>
              <Stack gap="xs">
                <TextInput
                  label="Labels file"
                  description="Only for IDX images and .npy files: where the labels are. Empty: found by name, or none."
                  value={form.labelsPath}
                  onChange={(event) => set({ labelsPath: event.currentTarget.value })}
                />
                <Group grow align="start" gap="xs">
                  <TextInput
                    label="Mean"
                    description="For each channel, in units of x/255"
                    placeholder="0.485, 0.456, 0.406"
                    value={form.mean}
                    error={problems.mean}
                    onChange={(event) => set({ mean: event.currentTarget.value })}
                  />
                  <TextInput
                    label="Standard deviation"
                    description="For each channel, same units"
                    placeholder="0.229, 0.224, 0.225"
                    value={form.std}
                    error={problems.std}
                    onChange={(event) => set({ std: event.currentTarget.value })}
                  />
                </Group>
                <Group grow align="start" gap="xs">
                  <NumberInput
                    label="Resize"
                    description="Shorter side before the crop, px"
                    placeholder="stretch to the input"
                    value={form.resize ?? ''}
                    min={1}
                    allowDecimal={false}
                    onChange={(value) => set({ resize: typeof value === 'number' ? value : null })}
                  />
                  <TextInput
                    label="Scale"
                    description="Of raw values; empty: 1/255 for 8-bit"
                    placeholder="auto"
                    value={form.scale}
                    error={problems.scale}
                    onChange={(event) => set({ scale: event.currentTarget.value })}
                  />
                </Group>
                <Group grow align="start" gap="xs">
                  <Select
                    label="Channels"
                    value={form.channels}
                    data={['auto', 'rgb', 'bgr', 'gray']}
                    onChange={(value) => value !== null && set({ channels: value as DataForm['channels'] })}
                  />
                  <Select
                    label="Layout"
                    value={form.layout}
                    data={['auto', 'nchw', 'nhwc']}
                    onChange={(value) => value !== null && set({ layout: value as DataForm['layout'] })}
                  />
                  <NumberInput
                    label="Label offset"
                    description="Added to every label: 1 where class 0 is the background"
                    value={form.labelOffset}
                    allowDecimal={false}
                    onChange={(value) => set({ labelOffset: typeof value === 'number' ? value : 0 })}
                  />
                </Group>
              </Stack>
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
        {error !== null && (
          <Text c="red" role="alert">
            {error.message} {error.hint}
          </Text>
        )}
        <Group justify="end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button onClick={() => void add()} loading={busy}>
            Add
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
