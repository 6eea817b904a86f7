import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useSamplePicture } from '../../../state/queries.ts';
import { useSession } from '../../../state/session.ts';
import { Loaded } from '../../../widgets/Loaded.tsx';
import { SampleImage } from '../../../widgets/SampleImage.tsx';
import classes from '../QuantizeView.module.css';

interface SamplePictureProps {
  readonly datasetId: string;
  readonly index: number;
}

/** The input that a sample of the heat map is, as the model gets it. */
export function SamplePicture({ datasetId, index }: SamplePictureProps): ReactNode {
  const modelId = useSession((state) => state.model?.entry.id ?? null);
  const picture = useSamplePicture(modelId, datasetId, index);
  return (
    <Loaded query={picture} loading="Reading the sample…">
      {(found) =>
        found === null ? (
          <Text className={`lap-muted ${classes['part']}`}>Sample {index} is no picture.</Text>
        ) : (
          <div className={classes['figure']}>
            <SampleImage picture={found} index={index} />
          </div>
        )
      }
    </Loaded>
  );
}
