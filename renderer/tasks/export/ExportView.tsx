import { useState } from 'react';
import type { ReactNode } from 'react';
import { Button, Checkbox, Group, Radio, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconPackageExport } from '@tabler/icons-react';
import type { Trial } from '../../../main/contract/studio.ts';
import { EmptyState } from '../../design/EmptyState.tsx';
import { pickPath } from '../../state/pick-path.ts';
import { showTrial, useSession, useShownTrial } from '../../state/session.ts';
import { TaskLine } from '../../widgets/TaskLine.tsx';
import classes from './ExportView.module.css';
import { exportProblem, fileNames, suggestedName } from './model.ts';
import type { ExportForm } from './model.ts';
import { ExportedFiles } from './parts/ExportedFiles.tsx';
import { OverwriteDialog } from './parts/OverwriteDialog.tsx';
import { startExport, useExportTask, useExportUi } from './store.ts';

/** The Export task: the chosen trial's model, its recipe and a report, as files. */
export function ExportView(): ReactNode {
  const trial = useShownTrial();
  const modelName = useSession((state) => state.model?.entry.name ?? '');
  if (trial === undefined)
    return <EmptyState title="No model is open">Open one, then export a trial of it.</EmptyState>;
  return <ExportPage key={trial.id} trial={trial} modelName={modelName} />;
}

function ExportPage({ trial, modelName }: { readonly trial: Trial; readonly modelName: string }): ReactNode {
  const [name, setName] = useState(() => suggestedName(modelName, trial.name, trial.baseline));
  const trials = useSession((state) => state.trials);
  const { model, recipe, report, directory, done, conflict } = useExportUi();
  const task = useExportTask();
  const form: ExportForm = { name, model, recipe, report, directory };
  const problem = exportProblem(form);
  const made = trial.baseline || trial.bytes !== null;
  const running = task.state.status === 'running';
  const choose = async (): Promise<void> => {
    const path = await pickPath('directory');
    if (path !== null) useExportUi.setState({ directory: path });
  };
  return (
    <div className={classes['view']}>
      <div className={classes['page']}>
        <Select
          label="Trial"
          data={trials.map((other) => ({ value: other.id, label: other.name }))}
          value={trial.id}
          onChange={(id) => id !== null && showTrial(id)}
        />
        <Stack gap={6} role="group" aria-label="What to export">
          <h3 className={classes['heading']}>What</h3>
          <Checkbox
            size="sm"
            label="Model"
            description="The .onnx file of this trial, ready for any ONNX runtime"
            checked={model}
            onChange={(event) => useExportUi.setState({ model: event.currentTarget.checked })}
          />
          <Checkbox
            size="sm"
            label="Recipe"
            description="The steps as JSON: “lapidary apply” makes the same model from the original again, bit for bit"
            checked={recipe}
            onChange={(event) => useExportUi.setState({ recipe: event.currentTarget.checked })}
          />
          <Checkbox
            size="sm"
            label="Report"
            description="One HTML page with the proof: every number with its spread, samples, machine, versions and date, and the hash of the model it is about"
            checked={report}
            onChange={(event) => useExportUi.setState({ report: event.currentTarget.checked })}
          />
        </Stack>
        <TextInput
          label="File name"
          value={name}
          error={name.trim() === '' || problem?.startsWith('The name') ? problem : null}
          description={problem === null ? fileNames(form).join(', ') : undefined}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Radio.Group
          label="Where"
          value={directory === null ? 'download' : 'folder'}
          onChange={(value) => {
            if (value === 'download') useExportUi.setState({ directory: null });
            else void choose();
          }}
        >
          <Stack gap={6} mt={4}>
            <Radio value="download" label="Download" />
            <Group gap="xs">
              <Radio value="folder" label={directory === null ? 'Into a folder…' : directory} />
              {directory !== null && (
                <Button variant="default" onClick={() => void choose()}>
                  Change…
                </Button>
              )}
            </Group>
          </Stack>
        </Radio.Group>
        <Group gap="sm">
          <Button
            size="xs"
            leftSection={<IconPackageExport size={15} />}
            disabled={problem !== null || running || !made}
            onClick={() => void startExport(trial.id, form)}
          >
            Export
          </Button>
          <TaskLine state={task.state} title="Exporting" onCancel={task.cancel} onDismiss={task.dismiss} />
          {!made && <Text className="lap-muted">This trial has no model: it was cancelled or failed before.</Text>}
          {problem !== null && <Text className="lap-muted">{problem}</Text>}
        </Group>
        {done?.trialId === trial.id && <ExportedFiles files={done.files} />}
        <Text className="lap-muted">Files are written whole or not at all. The opened model is never written to.</Text>
      </div>
      <OverwriteDialog trialId={trial.id} form={form} conflict={conflict} />
    </div>
  );
}
