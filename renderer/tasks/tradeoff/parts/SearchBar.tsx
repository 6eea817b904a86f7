import type { ReactNode } from 'react';
import { Button, NumberInput, SegmentedControl, Text } from '@mantine/core';
import { Field, Toolbar } from '../../../design/Task.tsx';
import { calibrationDatasetId } from '../../../state/data.ts';
import { useSession } from '../../../state/session.ts';
import { TaskLine } from '../../../widgets/TaskLine.tsx';
import { searchText, type FloorKind, type SearchAxis } from '../search-model.ts';
import { runSearch, setSearchFloor, useSearch, useSearchTask } from '../search-store.ts';

/** One button: which layers run in int8, so that the model is as fast (or small) as can be and keeps what is said beside it. */
export function SearchBar({ axis }: { readonly axis: SearchAxis }): ReactNode {
  const { kind, points, decibels, found } = useSearch();
  const task = useSearchTask();
  const modelId = useSession((state) => state.model?.entry.id ?? null);
  const datasetId = useSession((state) => state.datasetId);
  const ready = datasetId !== null && calibrationDatasetId() !== null;
  return (
    <Toolbar label="Search">
      <Field label="Precisions that">
        <SegmentedControl
          aria-label="What must be kept"
          value={kind}
          onChange={(value) => setSearchFloor({ kind: value as FloorKind })}
          data={[
            { value: 'accuracy', label: 'lose at most' },
            { value: 'sqnr', label: 'keep at least' },
          ]}
        />
      </Field>
      {kind === 'accuracy' ? (
        <NumberInput
          aria-label="Points of accuracy that may be lost"
          title="Without labels: of agreement with the float model"
          value={points}
          onChange={(value) => typeof value === 'number' && setSearchFloor({ points: value })}
          min={0}
          max={100}
          step={0.1}
          suffix=" points"
          w={110}
        />
      ) : (
        <NumberInput
          aria-label="Least signal over noise of the outputs"
          value={decibels}
          onChange={(value) => typeof value === 'number' && setSearchFloor({ decibels: value })}
          min={0}
          max={100}
          suffix=" dB"
          w={110}
        />
      )}
      <Button
        variant="light"
        disabled={!ready || task.state.status === 'running'}
        title={
          ready
            ? 'Tries which layers to run in int8; every trial becomes a point of the picture'
            : 'Choose data first: it calibrates and evaluates the trials'
        }
        onClick={() => void runSearch(axis)}
      >
        Make it as {axis === 'size' ? 'small' : 'fast'} as possible
      </Button>
      {task.state.status === 'idle' && found !== null && found.modelId === modelId && (
        <Text className="lap-muted" role="status">
          {searchText(found.result)}
        </Text>
      )}
      <TaskLine state={task.state} title="Searching" onCancel={task.cancel} onDismiss={task.dismiss} />
    </Toolbar>
  );
}
