import type { ReactNode } from 'react';
import { Button, Group, List, Modal, Stack, Text } from '@mantine/core';
import type { ExportForm } from '../model.ts';
import { runExport, useExportUi } from '../store.ts';

export interface OverwriteDialogProps {
  readonly trialId: string;
  readonly form: ExportForm;
  /** Files that are there already; null: nothing to ask. */
  readonly conflict: readonly string[] | null;
}

/** Asks before files are overwritten. */
export function OverwriteDialog({ trialId, form, conflict }: OverwriteDialogProps): ReactNode {
  const close = (): void => void useExportUi.setState({ conflict: null });
  return (
    <Modal opened={conflict !== null} onClose={close} title="Overwrite files?">
      <Stack gap="sm">
        <Text>Already in {form.directory}:</Text>
        <List size="xs">
          {conflict?.map((name) => (
            <List.Item key={name}>{name}</List.Item>
          ))}
        </List>
        <Group justify="end" gap="xs">
          <Button variant="default" onClick={close}>
            Keep them
          </Button>
          <Button color="red" onClick={() => void runExport(trialId, form, true)}>
            Overwrite
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
