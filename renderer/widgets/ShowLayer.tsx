import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { selectLayer } from '../state/selection.ts';
import { showTab } from '../state/ui.ts';

/** Goes to the layer that an error is about, in the graph. */
export function ShowLayer({ name }: { readonly name: string }): ReactNode {
  return (
    <Button
      variant="default"
      title={name}
      onClick={() => {
        showTab('graph');
        selectLayer(name, 'command');
      }}
    >
      Show layer
    </Button>
  );
}
