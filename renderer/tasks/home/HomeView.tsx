import { Button, Loader, Title } from '@mantine/core';
import { IconDiamond, IconFile, IconFolderOpen } from '@tabler/icons-react';
import { useRef } from 'react';
import type { ReactNode } from 'react';
import { formatBytes } from '../../../main/judge/format.ts';
import { desktop } from '../../rpc/bridge.ts';
import { openFile, openModel } from '../../state/actions.ts';
import { useSession } from '../../state/session.ts';
import classes from './HomeView.module.css';
import { chooseModel } from './choose-model.ts';

/** Nothing is open yet: how to begin. */
export function HomeView(): ReactNode {
  const info = useSession((state) => state.info);
  const recents = useSession((state) => state.recents);
  const opening = useSession((state) => state.opening);
  const openError = useSession((state) => state.openError);
  const picker = useRef<HTMLInputElement>(null);
  return (
    <div className={classes['home']}>
      <div className={classes['content']}>
        <header className={classes['head']}>
          <IconDiamond size={34} stroke={1.4} className={classes['logo'] ?? ''} />
          <div>
            <Title order={1} size={22}>
              Open a model, or try a sample
            </Title>
            <p className="lap-muted">
              See every layer of an ONNX model, measure what each one costs on this machine, prune and quantize it, and
              export the one that won. The file you open is never changed.
            </p>
          </div>
        </header>
        <div className={classes['actions']}>
          <Button
            size="sm"
            leftSection={<IconFolderOpen size={16} />}
            onClick={() => void chooseModel()}
            disabled={opening !== null}
          >
            Open…
          </Button>
          {desktop() === undefined && (
            <>
              <Button size="sm" variant="default" onClick={() => picker.current?.click()} disabled={opening !== null}>
                Upload from this computer…
              </Button>
              <input
                ref={picker}
                type="file"
                accept=".onnx,.pb,.ort"
                hidden
                aria-label="Model to upload"
                onChange={(event) => {
                  const file = event.currentTarget.files?.[0];
                  event.currentTarget.value = '';
                  if (file !== undefined) void openFile(file);
                }}
              />
            </>
          )}
          <span className="lap-muted">or drop an .onnx file anywhere in this window</span>
        </div>
        {opening !== null && (
          <p role="status" className={classes['opening']}>
            <Loader /> Opening {opening}…
          </p>
        )}
        {openError !== null && opening === null && (
          <div role="alert" className={classes['error']}>
            <b>{openError.message}</b>
            {openError.hint !== null && <div>{openError.hint}</div>}
          </div>
        )}
        <section aria-label="Samples">
          <h2 className={classes['heading']}>Samples</h2>
          <div className={classes['cards']}>
            {info === null && <span className="lap-muted">Asking the engine…</span>}
            {info?.samples.length === 0 && <span className="lap-muted">This build brings no samples.</span>}
            {info?.samples.map((sample) => (
              <button
                key={sample.id}
                type="button"
                className={classes['card']}
                disabled={opening !== null}
                onClick={() => void openModel({ sample: sample.id }, sample.title)}
              >
                <strong>{sample.title}</strong>
                <span className="lap-muted">{sample.summary}</span>
                <span className={classes['size']}>{formatBytes(sample.bytes)}</span>
              </button>
            ))}
          </div>
        </section>
        {recents.length > 0 && (
          <section aria-label="Recent models">
            <h2 className={classes['heading']}>Recent</h2>
            <ul className={classes['recents']}>
              {recents.slice(0, 9).map((entry) => (
                <li key={entry.id}>
                  <button
                    type="button"
                    className={classes['recent']}
                    disabled={!entry.available || opening !== null}
                    onClick={() => void openModel({ path: entry.path }, entry.name)}
                  >
                    <IconFile size={14} />
                    <strong>{entry.name}</strong>
                    <span className={classes['path']}>
                      {entry.available ? entry.path : `${entry.path} (gone or changed)`}
                    </span>
                    <span className="lap-muted">{formatBytes(entry.bytes)}</span>
                  </button>
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
    </div>
  );
}
