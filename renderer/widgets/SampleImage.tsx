import { Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import type { SamplePicture } from '../../main/contract/sample-picture.ts';
import { formatNumber } from '../../main/judge/format.ts';
import classes from './SampleImage.module.css';

interface SampleImageProps {
  readonly picture: SamplePicture;
  readonly index: number;
}

/** A sample as the model gets it, with its class and the range of its values. */
export function SampleImage({ picture, index }: SampleImageProps): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height, pixels, low, high, label } = picture;
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
      <Text
        className="lap-muted"
        component="figcaption"
        title="Class, and the least and greatest value that the model gets"
      >
        {words} · {formatNumber(low, 3)} … {formatNumber(high, 3)}
      </Text>
    </figure>
  );
}
