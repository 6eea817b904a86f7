import type { ReactNode } from 'react';
import { Button, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';

export interface ErrorStateProps {
  readonly error: { readonly message: string; readonly hint: string | null };
  readonly onRetry?: () => void;
}

/** An error in the place of what it prevented: what, and what to do. */
export function ErrorState({ error, onRetry }: ErrorStateProps): ReactNode {
  return (
    <Stack role="alert" align="center" justify="center" gap="xs" h="100%" mih={96} p="lg" ta="center">
      <IconAlertTriangle size={22} color="var(--mantine-color-red-text)" />
      <Text fw={600} maw={520} style={{ overflowWrap: 'anywhere' }}>
        {error.message}
      </Text>
      {error.hint !== null && (
        <Text className="lap-muted" maw={520}>
          {error.hint}
        </Text>
      )}
      {onRetry !== undefined && (
        <Button variant="default" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Stack>
  );
}
