import type { ReactNode } from 'react';
import { Center, Group, Loader, Text } from '@mantine/core';

/** Something is on its way: says what. */
export function LoadingState({ children }: { readonly children: string }): ReactNode {
  return (
    <Center h="100%" mih={96} role="status">
      <Group gap="xs">
        <Loader />
        <Text className="lap-muted">{children}</Text>
      </Group>
    </Center>
  );
}
