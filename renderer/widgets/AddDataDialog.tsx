import { useState } from 'react';
import type { ReactNode } from 'react';
import { Accordion, Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { PRESETS, type PresetId } from '../../main/contract/preprocessing-presets.ts';
import { PRESET_TABLE } from '../../main/judge/preprocessing/presets.ts';
import { engine } from '../state/engine.ts';
import { chooseEvaluation } from '../state/data.ts';
import { pickPath } from '../state/pick-path.ts';
import { useSession } from '../state/session.ts';
import { asEngineError, sayError } from '../rpc/engine-error.ts';
import type { EngineError } from '../rpc/engine-error.ts';
import { DataPreviewPart, useDataPreview } from './DataPreviewPart.tsx';
import { EMPTY_DATA_FORM, checkDataForm, withPreset } from './data-form.ts';
import type { DataForm } from './data-form.ts';
import { PresetTrials } from './PresetTrials.tsx';
import { PreprocessingFields } from './PreprocessingFields.tsx';

export interface AddDataDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Adds a data set by its path on the engine's machine, with its preprocessing. */
export function AddDataDialog({ opened, onClose }: AddDataDialogProps): ReactNode {
  const [written, setForm] = useState<DataForm>(EMPTY_DATA_FORM);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Pick<EngineError, 'message' | 'hint'> | null>(null);
  const modelId = useSession((state) => state.model?.entry.id ?? null);
  const bare = checkDataForm({ ...EMPTY_DATA_FORM, path: written.path, labelsPath: written.labelsPath });
  // Of the path alone: it stays while presets are gone through.
  const about = useDataPreview(modelId, opened && bare.ok ? bare.source : null).preview;
  const guess = about?.guess ?? null;
  // What the model seems to want holds until something is chosen.
  const isGuessed = written.preset === null && guess !== null;
  const form = isGuessed ? choosePreset(written, guess.preset) : written;
  const checked = checkDataForm(form);
  const shown = useDataPreview(modelId, opened && checked.ok ? checked.source : null);
  const problems = tried && !checked.ok ? checked.problems : {};
  const set = (patch: Partial<DataForm>): void => {
    // What was said of the data before is not said of these.
    setError(null);
    setForm((old) => ({ ...old, ...patch }));
  };
  const setFields = (patch: Partial<DataForm>): void => setForm({ ...form, ...patch, preset: 'custom' });

  const add = async (): Promise<void> => {
    setTried(true);
    if (!checked.ok) return;
    setBusy(true);
    setError(null);
    try {
      if (
        modelId !== null &&
        (await engine().call('dataset.preview', { modelId, ...checked.source })).problem !== null
      ) {
        setError(NOT_FITTING);
        return;
      }
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
            onChange={(event) => set({ path: event.currentTarget.value, preset: null })}
          />
          <Button
            variant="default"
            h={30}
            onClick={() => void pickPath('data').then((path) => path !== null && set({ path, preset: null }))}
          >
            Browse…
          </Button>
        </Group>
        <Select
          label="Preprocessing"
          description={
            guess === null
              ? 'How samples become the model’s input'
              : `Guessed ${PRESET_TABLE[guess.preset].title}: ${guess.because}`
          }
          value={form.preset}
          placeholder="guessed from model and data"
          data={[
            ...PRESETS.map((id) => ({ value: id, label: `${PRESET_TABLE[id].title}: ${PRESET_TABLE[id].help}` })),
            { value: 'custom', label: 'Own: as the fields below say' },
          ]}
          onChange={(value) => value !== null && setForm((old) => choosePreset(old, value as PresetId | 'custom'))}
        />
        {modelId !== null && checked.ok && about?.labelled === true && (
          <PresetTrials
            modelId={modelId}
            source={checked.source}
            chosen={form.preset}
            onChoose={(preset) => setForm((old) => choosePreset(old, preset))}
          />
        )}
        <DataPreviewPart {...shown} />
        <Accordion variant="contained" chevronPosition="left">
          <Accordion.Item value="preprocessing">
            <Accordion.Control>In detail, and labels</Accordion.Control>
            <Accordion.Panel>
              <PreprocessingFields form={form} problems={problems} set={set} setFields={setFields} />
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
        {error !== null && (
          <Text c="red" role="alert">
            {sayError(error)}
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

/** Why, the preview says. */
const NOT_FITTING: Pick<EngineError, 'message' | 'hint'> = {
  message: 'Not added: these data do not fit the model that is open.',
  hint: 'Prepare them otherwise, or open the model that they are for.',
};

function choosePreset(form: DataForm, preset: PresetId | 'custom'): DataForm {
  return preset === 'custom' ? { ...form, preset } : { ...withPreset(form, preset), preset };
}
