import { Button, Modal, NumberInput, Select, Tabs } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { formatShape } from '../../../main/judge/format.ts';
import { fetchFile } from '../../rpc/download.ts';
import { findConnection } from '../../rpc/connection.ts';
import { saveBlob } from '../../state/download.ts';
import { engine } from '../../state/engine.ts';
import { tellError } from '../../state/messages.ts';
import { useSession } from '../../state/session.ts';
import { lookInto, useLookedInto, useTensorView, type LookedInto } from '../../state/tensor-view.ts';
import { Loaded } from '../Loaded.tsx';
import { ChannelChart } from './ChannelChart.tsx';
import { TensorFacts } from './TensorFacts.tsx';
import { TensorHistogram } from './TensorHistogram.tsx';
import { TensorImage } from './TensorImage.tsx';
import { TensorValues } from './TensorValues.tsx';
import classes from './TensorDialog.module.css';

/** One tensor looked into: how its values are spread, its channels, its picture, and every value. */
export function TensorDialog(): ReactNode {
  const shown = useLookedInto((state) => state.shown);
  const title = shown === null ? '' : shown.source.kind === 'weight' ? shown.source.tensor : shown.source.value;
  return (
    <Modal opened={shown !== null} onClose={() => lookInto(null)} title={title} size="min(1120px, 94vw)">
      {shown !== null && <Looked key={`${shown.trialId}|${title}`} shown={shown} />}
    </Modal>
  );
}

const WITHOUT_DATA = '';

function Looked({ shown }: { readonly shown: LookedInto }): ReactNode {
  const { trialId, source } = shown;
  const datasets = useSession((state) => state.datasets);
  const [axis, setAxis] = useState<number | null>(null);
  const [slice, setSlice] = useState(0);
  const view = useTensorView(shown, axis, slice);
  const known = view.data ?? null;
  const save = async (): Promise<void> => {
    try {
      const { url, name } = await engine().call('trial.tensorFile', { trialId, source });
      saveBlob(name, await fetchFile(findConnection(), url));
    } catch (error) {
      tellError(error);
    }
  };
  return (
    <div className={classes['body']}>
      <div className={classes['head']}>
        {source.kind === 'value' && (
          <>
            <Select
              aria-label="Data"
              value={source.datasetId ?? WITHOUT_DATA}
              data={[
                { value: WITHOUT_DATA, label: 'inputs made at random' },
                ...datasets.map(({ id, name }) => ({ value: id, label: name })),
              ]}
              onChange={(id) =>
                lookInto({ trialId, source: { ...source, datasetId: id === WITHOUT_DATA ? null : id, sample: 0 } })
              }
            />
            <NumberInput
              aria-label="Sample"
              prefix="sample "
              w={110}
              min={0}
              allowDecimal={false}
              disabled={source.datasetId === null}
              value={source.sample}
              onChange={(sample) => typeof sample === 'number' && lookInto({ trialId, source: { ...source, sample } })}
            />
          </>
        )}
        {known !== null && known.shape.length > 1 && (
          <Select
            aria-label="Axis of the channels"
            w={190}
            value={String(axis ?? known.channels?.axis ?? 0)}
            data={known.shape.map((size, at) => ({ value: String(at), label: `channels: axis ${at} (${size})` }))}
            onChange={(at) => at !== null && setAxis(Number(at))}
          />
        )}
        {known?.picture && known.picture.slices > 1 && (
          <NumberInput
            aria-label="Slice of the picture"
            prefix="slice "
            suffix={` of ${known.picture.slices}`}
            w={130}
            min={0}
            max={known.picture.slices - 1}
            allowDecimal={false}
            value={slice}
            onChange={(at) => typeof at === 'number' && setSlice(at)}
          />
        )}
        {known !== null && (
          <span className="lap-muted">
            {known.dtype} {formatShape(known.shape)}
            {known.on === null ? '' : ` · on ${known.on}`}
          </span>
        )}
        <Button
          variant="default"
          ml="auto"
          leftSection={<IconDownload size={13} />}
          disabled={known === null || known.dtype === 'string'}
          onClick={() => void save()}
        >
          Save as .npy
        </Button>
      </div>
      <Loaded
        query={view}
        loading={source.kind === 'value' ? 'Running the model up to this value…' : 'Reading the weight…'}
      >
        {(tensor) => (
          <div className={classes['main']}>
            <Tabs defaultValue={tensor.picture === null ? 'spread' : 'picture'} keepMounted={false}>
              <Tabs.List>
                <Tabs.Tab value="picture" disabled={tensor.picture === null}>
                  Picture
                </Tabs.Tab>
                <Tabs.Tab value="spread" disabled={tensor.histogram === null}>
                  Distribution
                </Tabs.Tab>
                <Tabs.Tab value="channels" disabled={tensor.channels === null}>
                  Channels
                </Tabs.Tab>
                <Tabs.Tab value="values">Values</Tabs.Tab>
              </Tabs.List>
              <div className={classes['stage']}>
                <Tabs.Panel value="picture" pt="sm">
                  {tensor.picture !== null && <TensorImage picture={tensor.picture} name={tensor.name} />}
                </Tabs.Panel>
                <Tabs.Panel value="spread" pt="sm">
                  {tensor.histogram !== null && <TensorHistogram histogram={tensor.histogram} name={tensor.name} />}
                </Tabs.Panel>
                <Tabs.Panel value="channels" pt="sm">
                  {tensor.channels !== null && <ChannelChart channels={tensor.channels} />}
                </Tabs.Panel>
                <Tabs.Panel value="values" pt="sm">
                  <TensorValues shown={shown} elements={tensor.elements} shape={tensor.shape} />
                </Tabs.Panel>
              </div>
            </Tabs>
            <div className={classes['side']} role="region" aria-label="Statistics" tabIndex={0}>
              <TensorFacts tensor={tensor} />
            </div>
          </div>
        )}
      </Loaded>
    </div>
  );
}
