import { Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import type { Result } from '../../../../main/contract/methods.ts';
import { useSamplePicture } from '../../../state/queries.ts';
import { useSession } from '../../../state/session.ts';
import { Loaded } from '../../../widgets/Loaded.tsx';
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
          <Drawn picture={found} index={index} />
        )
      }
    </Loaded>
  );
}

type Picture = NonNullable<Result<'dataset.sample'>>;

function Drawn({ picture, index }: { readonly picture: Picture; readonly index: number }): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height, pixels, label } = picture;
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const image = context.createImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      image.data.set(pixels.subarray(i * 3, i * 3 + 3), i * 4);
      image.data[i * 4 + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }, [width, height, pixels]);
  const words = `Sample ${index}${label === null ? '' : `, labelled ${label}`}`;
  return (
    <figure className={classes['figure']}>
      <canvas ref={canvas} width={width} height={height} role="img" aria-label={words} className={classes['sample']} />
      <Text className="lap-muted" component="figcaption">
        {words}
      </Text>
    </figure>
  );
}
