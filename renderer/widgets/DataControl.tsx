import { useState } from 'react';
import type { ReactNode } from 'react';
import { Button, Group, Select, Text, Tooltip } from '@mantine/core';
import { IconDatabase, IconPlus } from '@tabler/icons-react';
import type { DatasetEntry } from '../../main/contract/studio.ts';
import { formatCount } from '../../main/judge/format.ts';
import { addDataset } from '../state/actions.ts';
import { calibrationFor, chooseCalibration, chooseEvaluation, useData } from '../state/data.ts';
import { useSession } from '../state/session.ts';
import { SplitControl } from './SplitControl.tsx';
import { AddDataDialog } from './AddDataDialog.tsx';
import { describePreprocessing } from './data-form.ts';
import { takesSampleData } from './sample-data.ts';
import { shortened } from './shorten.ts';

export interface DataControlProps {
  /** Whether the calibration data are chosen here too. */
  readonly calibration?: boolean;
}

/** Which data accuracy is measured on, and steps calibrated on; adds data; offers the bundled ones. */
export function DataControl({ calibration = false }: DataControlProps): ReactNode {
  const datasets = useSession((state) => state.datasets);
  const evaluationId = useSession((state) => state.datasetId);
  const calibrationId = useData((state) => state.calibrationId);
  const [adding, setAdding] = useState(false);
  const options = datasets.map((entry) => ({ value: entry.id, label: shortened(entry.name, 23) }));
  const calibrated = calibrationFor(datasets, { calibrationId, evaluationId });
  const shared = calibration && calibrated !== null && calibrated === evaluationId;
  const split = shared ? datasets.find((entry) => entry.id === calibrated) : undefined;
  const full = new Map(datasets.map((entry) => [entry.id, titleOf(entry)]));
  return (
    <Group gap="xs" role="group" aria-label="Data">
      {datasets.length === 0 ? (
        <NoData />
      ) : (
        <>
          <LabelledSelect
            label="Evaluation"
            help={helpFor(datasets, evaluationId, 'Accuracy is measured on these samples.')}
            data={options}
            full={full}
            value={evaluationId}
            onChange={chooseEvaluation}
          />
          {calibration && (
            <LabelledSelect
              label="Calibration"
              help={helpFor(
                datasets,
                calibrated,
                'What the model computes on typical inputs is taken from these samples. A set that accuracy is measured on too is split.',
              )}
              data={options}
              full={full}
              value={calibrated}
              onChange={chooseCalibration}
            />
          )}
          {split !== undefined && <SplitControl entry={split} />}
          {evaluationId === null && <SampleData />}
        </>
      )}
      <Button variant="default" leftSection={<IconPlus size={13} />} onClick={() => setAdding(true)}>
        Add data
      </Button>
      <AddDataDialog opened={adding} onClose={() => setAdding(false)} />
    </Group>
  );
}

/** Says why data are wanted, and offers those that come with Lapidary. */
function NoData(): ReactNode {
  return (
    <>
      <Text className="lap-muted">No data yet: accuracy and calibration need samples.</Text>
      <SampleData />
    </>
  );
}

/** Offers the data that come with Lapidary where they fit the model. */
function SampleData(): ReactNode {
  const fits = useSession((state) => state.model !== null && takesSampleData(state.model.inspect.inputs));
  if (!fits) return null;
  return (
    <Button
      variant="light"
      leftSection={<IconDatabase size={13} />}
      title="Drawn characters 0–9 A–Z, 32×32; for the bundled sample models"
      onClick={() => void addDataset({ sample: true })}
    >
      Use the sample data
    </Button>
  );
}

interface LabelledSelectProps {
  readonly label: string;
  readonly help: string;
  readonly data: readonly { value: string; label: string }[];
  /** Names at full length, by id. */
  readonly full: ReadonlyMap<string, string>;
  readonly value: string | null;
  readonly onChange: (value: string) => void;
}

function LabelledSelect({ label, help, data, full, value, onChange }: LabelledSelectProps): ReactNode {
  return (
    <Tooltip label={help} multiline w={280}>
      <Group gap={6} wrap="nowrap">
        <Text className="lap-muted">{label}</Text>
        <Select
          aria-label={`${label} data`}
          data={data}
          value={value}
          placeholder="none chosen"
          w={190}
          comboboxProps={{ width: 'max-content', position: 'bottom-start' }}
          renderOption={({ option }) => full.get(option.value) ?? option.label}
          onChange={(next) => next !== null && onChange(next)}
        />
      </Group>
    </Tooltip>
  );
}

function titleOf(entry: DatasetEntry): string {
  return `${entry.name} · ${formatCount(entry.samples)}`;
}

function helpFor(datasets: readonly DatasetEntry[], id: string | null, use: string): string {
  const entry = datasets.find((other) => other.id === id);
  if (entry === undefined) return use;
  const labels = entry.labelled
    ? `${entry.classCount || 'unknown number of'} class${entry.classCount === 1 ? '' : 'es'}`
    : 'no labels';
  const how = describePreprocessing(entry.preprocessing);
  return `${use} ${formatCount(entry.samples)} samples, ${labels}${how === '' ? '' : `, ${how}`}.`;
}
