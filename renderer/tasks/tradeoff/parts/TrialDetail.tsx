import { useState } from 'react';
import type { ReactNode } from 'react';
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import type { Trial } from '../../../../main/contract/studio.ts';
import { sayError } from '../../../rpc/engine-error.ts';
import { deleteTrial, renameTrial } from '../../../state/actions.ts';
import { hasUnlabelledData } from '../../../state/data.ts';
import { showDialog } from '../../../state/dialogs.ts';
import { loadRecipe } from '../../../state/recipe.ts';
import { useSession } from '../../../state/session.ts';
import { openPanel, showTab } from '../../../state/ui.ts';
import { TaskLine } from '../../../widgets/TaskLine.tsx';
import { measureAccuracy } from '../../../widgets/measure.ts';
import { describeStep } from '../../../../main/judge/recipe/words.ts';
import { useTrialTask } from '../store.ts';
import classes from '../TradeoffView.module.css';

/** The shown trial: its recipe in words, and what can be done with it. */
export function TrialDetail({ trial }: { readonly trial: Trial }): ReactNode {
  const [dialog, setDialog] = useState<'rename' | 'delete' | null>(null);
  const datasetId = useSession((state) => state.datasetId);
  const unlabelled = useSession(hasUnlabelledData);
  const task = useTrialTask();
  const steps = trial.recipe.steps.map(describeStep);
  return (
    <>
      <h3 className={classes['heading']}>{trial.name}</h3>
      {trial.status === 'failed' && trial.error !== null && <Text c="red">{sayError(trial.error)}</Text>}
      {trial.status === 'cancelled' && <Text className="lap-muted">Cancelled before everything was measured.</Text>}
      {steps.length === 0 ? (
        <Text className="lap-muted">The model as it was opened.</Text>
      ) : (
        <>
          <Text className="lap-muted">Recipe</Text>
          <ol className={classes['steps']}>
            {steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </>
      )}
      <Group gap={6}>
        <Button
          variant="light"
          title="Takes these steps over into the recipe that is edited"
          onClick={() => {
            loadRecipe(trial.recipe);
            openPanel('recipe');
          }}
        >
          Edit recipe
        </Button>
        {!trial.baseline && (
          <Button variant="default" onClick={() => showTab('compare')}>
            Compare
          </Button>
        )}
        <Button
          variant="default"
          disabled={datasetId === null || task.state.status === 'running' || (trial.baseline && unlabelled)}
          title="Measures the accuracy on all samples of the chosen data"
          onClick={() => void task.run((handle) => measureAccuracy(trial.id, handle))}
        >
          Measure accuracy
        </Button>
        {trial.evaluation !== null && (
          <Button
            variant="default"
            title="Confusion matrix, accuracy of each class"
            onClick={() => showDialog('accuracy')}
          >
            Accuracy in detail…
          </Button>
        )}
        <Button variant="default" onClick={() => showTab('export')}>
          Export
        </Button>
        {!trial.baseline && (
          <>
            <Button variant="default" onClick={() => setDialog('rename')}>
              Rename
            </Button>
            <Button
              variant="default"
              color="red"
              onClick={() => setDialog('delete')}
              disabled={trial.status === 'running'}
            >
              Delete
            </Button>
          </>
        )}
      </Group>
      <TaskLine state={task.state} title="Measuring" onCancel={task.cancel} onDismiss={task.dismiss} />
      {trial.evaluation !== null && (
        <Text className="lap-muted" mt={6}>
          {trial.evaluation.samples} samples, {trial.evaluation.preprocessing}. {trial.evaluation.notes.join(' ')}
        </Text>
      )}
      <RenameDialog trial={trial} opened={dialog === 'rename'} onClose={() => setDialog(null)} />
      <Modal opened={dialog === 'delete'} onClose={() => setDialog(null)} title="Delete trial">
        <Stack gap="sm">
          <Text>“{trial.name}” and its measurements go away. The opened model and exported files stay.</Text>
          <Group justify="end" gap="xs">
            <Button variant="default" onClick={() => setDialog(null)}>
              Keep
            </Button>
            <Button
              color="red"
              onClick={() => {
                setDialog(null);
                void deleteTrial(trial.id);
              }}
            >
              Delete trial
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

interface RenameDialogProps {
  readonly trial: Trial;
  readonly opened: boolean;
  readonly onClose: () => void;
}

function RenameDialog({ trial, opened, onClose }: RenameDialogProps): ReactNode {
  const [typed, setTyped] = useState<string | null>(null);
  const name = (typed ?? trial.name).trim();
  const close = (): void => {
    setTyped(null);
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title="Rename trial">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name === '') return;
          void renameTrial(trial.id, name);
          close();
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="Name"
            data-autofocus
            maxLength={200}
            value={typed ?? trial.name}
            error={name === '' ? 'A name is needed.' : null}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Group justify="end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" disabled={name === ''}>
              Rename
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
