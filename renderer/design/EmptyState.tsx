import type { ReactNode } from 'react';
import { Stack, Text } from '@mantine/core';

export interface EmptyStateProps {
  readonly title: string;
  /** What will be here, and how to get it. */
  readonly children?: ReactNode;
  /** The button that brings it. */
  readonly action?: ReactNode;
  readonly icon?: ReactNode;
}

/** An empty view that teaches: what belongs here and how to get it. */
export function EmptyState({ title, children, action, icon }: EmptyStateProps): ReactNode {
  return (
    <Stack align="center" justify="center" gap="xs" h="100%" mih={96} p="lg" ta="center">
      {icon !== undefined && <span className="lap-muted">{icon}</span>}
      <Text size="sm" fw={600}>
        {title}
      </Text>
      {children !== undefined && (
        <Text className="lap-muted" maw={420} component="div">
          {children}
        </Text>
      )}
      {action}
    </Stack>
  );
}
