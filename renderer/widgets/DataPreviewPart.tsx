import { Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { ReactNode } from 'react';
import type { ParamsIn, Result } from '../../main/contract/methods.ts';
import { useEngineResult } from '../state/queries.ts';
import classes from './DataPreviewPart.module.css';
import { SampleImage } from './SampleImage.tsx';

type Preview = Result<'dataset.preview'>;
type PreviewParams = Omit<ParamsIn<'dataset.preview'>, 'modelId'>;

/** A path is being typed: asked about once it rests. */
const REST_MS = 350;

interface PreviewState {
  readonly preview: Preview | null;
  readonly error: string | null;
  readonly busy: boolean;
}

/** What the model would see of data, asked for whenever the parameters rest. @param params null: there is nothing to ask about */
export function useDataPreview(modelId: string | null, params: PreviewParams | null): PreviewState {
  const key = modelId === null || params === null ? null : JSON.stringify({ modelId, ...params });
  const [rested] = useDebouncedValue(key, REST_MS);
  const asked = rested === null ? { modelId: '', path: '' } : (JSON.parse(rested) as ParamsIn<'dataset.preview'>);
  const query = useEngineResult('dataset.preview', rested, asked);
  return {
    preview: query.data ?? null,
    error: query.error?.message ?? null,
    busy: key !== rested || query.isFetching,
  };
}

/** What is in the data and what the model would see of it. */
export function DataPreviewPart({ preview, error, busy }: PreviewState): ReactNode {
  if (error !== null) return <Text c="red">{error}</Text>;
  if (preview === null) return busy ? <Text className="lap-muted">Reading…</Text> : null;
  const { samples, labelled, classCount, sentence, problem, pictures } = preview;
  const labels = labelled ? `${classCount.toLocaleString('en')} class${classCount === 1 ? '' : 'es'}` : 'no labels';
  return (
    <section aria-label="What the model gets" aria-busy={busy} className={classes['part']}>
      <Text className="lap-muted">
        {samples.toLocaleString('en')} samples · {labels}
        {sentence === null ? '' : ` · ${sentence}`}
      </Text>
      {problem !== null && <Text c="red">{problem}</Text>}
      {pictures.length > 0 && (
        <div className={classes['pictures']}>
          {pictures.map((picture, index) => (
            <SampleImage key={index} picture={picture} index={index} />
          ))}
        </div>
      )}
    </section>
  );
}
