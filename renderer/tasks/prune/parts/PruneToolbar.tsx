import type { ReactNode } from 'react';
import { Button, Group, SegmentedControl, Text, Tooltip } from '@mantine/core';
import { editPrune, useRecipe } from '../../../state/recipe.ts';
import { DataControl } from '../../../widgets/DataControl.tsx';
import { TaskLine } from '../../../widgets/TaskLine.tsx';
import classes from '../PruneView.module.css';
import { measurePruned, usePruneTask } from '../store.ts';

/** Scope of the cut, the data, the measurement's state. */
export function PruneToolbar(): ReactNode {
  const scope = useRecipe((state) => state.draft.prune.scope);
  const int8 = useRecipe((state) => state.draft.quantize.enabled);
  const any = useRecipe((state) => state.draft.prune.enabled || state.draft.quantize.enabled);
  const task = usePruneTask();
  const running = task.state.status === 'running';
  return (
    <div className={classes['toolbar']} role="toolbar" aria-label="Pruning">
      <Tooltip
        multiline
        w={300}
        label="Global: one magnitude for all layers, so that layers with many small weights give more. Per layer: the same share in each."
      >
        <Group gap={6}>
          <Text className="lap-muted">Scope</Text>
          <SegmentedControl
            aria-label="Scope"
            value={scope}
            onChange={(value) => editPrune({ scope: value as 'global' | 'layer' })}
            data={[
              { value: 'global', label: 'Global' },
              { value: 'layer', label: 'Per layer' },
            ]}
          />
        </Group>
      </Tooltip>
      <DataControl calibration={int8} />
      <span style={{ flex: 1 }} />
      {int8 && <Text className="lap-muted">Int8 is on: measured together.</Text>}
      <TaskLine state={task.state} title="Measuring" onCancel={task.cancel} onDismiss={task.dismiss} />
      {!running && (
        <Button
          variant="default"
          disabled={!any}
          title="Makes and measures this recipe on all evaluation samples"
          onClick={() => void measurePruned(null)}
        >
          Measure on all samples
        </Button>
      )}
    </div>
  );
}
