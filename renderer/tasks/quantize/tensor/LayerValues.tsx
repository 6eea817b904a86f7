import { SegmentedControl, Text } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { LayerValues as Values, TensorValues } from '../../../../main/contract/layer-values.ts';
import { Heading } from '../../../design/Task.tsx';
import { useLayerValues } from '../../../state/queries.ts';
import { useSession } from '../../../state/session.ts';
import { Loaded } from '../../../widgets/Loaded.tsx';
import { TensorRange } from './TensorRange.tsx';

interface LayerValuesProps {
  readonly trialId: string;
  /** A layer that is quantized in the trial. */
  readonly layer: string;
}

const ROLES: Readonly<Record<TensorValues['role'], string>> = { input: 'Input', weights: 'Weights', output: 'Output' };

/** How the values of the selected layer are spread, float and as codes, with thresholds to drag. */
export function LayerValues({ trialId, layer }: LayerValuesProps): ReactNode {
  const datasetId = useSession((state) => state.datasetId);
  const values = useLayerValues(trialId, layer, datasetId);
  return (
    <>
      <Heading>Values</Heading>
      {datasetId === null ? (
        <Text className="lap-muted">Add data to see how its values are spread.</Text>
      ) : (
        <Loaded query={values} loading="Looking at its values…">
          {(found) => <Chosen values={found} />}
        </Loaded>
      )}
    </>
  );
}

function Chosen({ values }: { readonly values: Values }): ReactNode {
  const { tensors, samples, layer } = values;
  const [role, setRole] = useState<string>('0');
  const tensor = tensors[Number(role)] ?? tensors.at(-1);
  if (tensor === undefined)
    return (
      <Text className="lap-muted">
        Values are drawn where their codes have a scale for the tensor or for each channel; this layer has none such.
      </Text>
    );
  const inputs = tensors.filter((each) => each.role === 'input').length;
  return (
    <>
      <SegmentedControl
        aria-label="Values of"
        fullWidth
        value={String(tensors.indexOf(tensor))}
        data={tensors.map((each, at) => ({
          value: String(at),
          label: each.role === 'input' && inputs > 1 ? `${ROLES.input} ${at + 1}` : ROLES[each.role],
        }))}
        onChange={setRole}
      />
      <TensorRange key={`${layer} ${tensor.name} ${tensor.role}`} tensor={tensor} samples={samples} />
    </>
  );
}
