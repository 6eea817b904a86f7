import { Button, Group, Modal, TextInput } from '@mantine/core';
import { IconArrowUp, IconFile, IconFolder } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import type { Directory } from '../../../main/contract/studio.ts';
import { ErrorState } from '../../design/ErrorState.tsx';
import { LoadingState } from '../../design/LoadingState.tsx';
import { formatBytes } from '../../../main/judge/format.ts';
import { asEngineError } from '../../rpc/engine-error.ts';
import type { EngineError } from '../../rpc/engine-error.ts';
import { openFile } from '../../state/actions.ts';
import { engine } from '../../state/engine.ts';
import { useFolders } from './folders.ts';
import { answerPath, usePathRequest } from '../../state/pick-path.ts';
import type { PathKind } from '../../state/pick-path.ts';
import classes from './FileBrowser.module.css';
import { fits, joinPath } from './file-browser-model.ts';

const TITLES: Readonly<Record<PathKind, string>> = {
  model: 'Open a model',
  data: 'Choose a data set: a file, or a folder of class folders',
  labels: 'Choose the file with the labels',
  directory: 'Choose a folder',
};

/** The engine's files, for browsers: the engine may be on another machine. */
export function FileBrowser(): ReactNode {
  const request = usePathRequest((state) => state.request);
  return (
    <Modal
      opened={request !== null}
      onClose={() => answerPath(null)}
      title={request === null ? '' : TITLES[request.kind]}
      size="lg"
    >
      {request !== null && <Browser kind={request.kind} />}
    </Modal>
  );
}

interface Listing {
  readonly directory: Directory | null;
  readonly error: EngineError | null;
}

function Browser({ kind }: { readonly kind: PathKind }): ReactNode {
  const [path, setPath] = useState<string | null>(() => useFolders.getState().folders[kind] ?? null);
  const [typed, setTyped] = useState('');
  const [listing, setListing] = useState<Listing | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const typedPath = useRef<string | null>(null);

  useEffect(() => {
    let wanted = true;
    engine()
      .call('fs.list', { path })
      .then(
        (directory) => {
          if (!wanted) return;
          setListing({ directory, error: null });
          setTyped(directory.path);
        },
        (problem: unknown) => {
          if (!wanted) return;
          // A remembered folder may be gone: begin where the engine begins.
          if (path === null || path === typedPath.current)
            setListing({ directory: null, error: asEngineError(problem) });
          else setPath(null);
        },
      );
    return () => {
      wanted = false;
    };
  }, [path]);
  const directory = listing?.directory ?? null;
  const loaded = directory !== null;
  useEffect(() => {
    if (loaded) input.current?.focus();
  }, [loaded]);

  const take = (chosen: string): void => {
    if (directory !== null) useFolders.getState().keep(kind, directory.path);
    answerPath(chosen);
  };
  if (listing !== null && listing.error !== null) {
    return <ErrorState error={listing.error} onRetry={() => setPath(null)} />;
  }
  if (directory === null) return <LoadingState>Reading the folder…</LoadingState>;
  const entries = directory.entries.filter((entry) => fits(entry, kind));
  const isFolder = kind === 'directory' || kind === 'data';
  return (
    <>
      <Group gap="xs" wrap="nowrap">
        <Button
          variant="default"
          aria-label="Parent folder"
          disabled={directory.parent === null}
          onClick={() => setPath(directory.parent)}
        >
          <IconArrowUp size={14} />
        </Button>
        <TextInput
          ref={input}
          flex={1}
          aria-label="Path"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            if (/\.\w+$/.test(typed) && kind !== 'directory') take(typed);
            else {
              typedPath.current = typed;
              setPath(typed);
            }
          }}
        />
      </Group>
      <ul className={classes['list']} aria-label="Files">
        {entries.length === 0 && <li className={classes['empty']}>Nothing here that fits.</li>}
        {entries.map((entry) => (
          <li key={entry.name}>
            <button
              type="button"
              className={classes['entry']}
              onClick={() => {
                const full = joinPath(directory.path, entry.name);
                if (entry.kind === 'folder') setPath(full);
                else take(full);
              }}
            >
              {entry.kind === 'folder' ? <IconFolder size={14} /> : <IconFile size={14} />}
              <span className={classes['name']}>{entry.name}</span>
              <span className="lap-muted">{entry.kind === 'file' ? formatBytes(entry.bytes) : ''}</span>
            </button>
          </li>
        ))}
      </ul>
      <Group justify="space-between">
        {kind === 'model' ? <UploadButton /> : <span />}
        <Group gap="xs">
          <Button variant="default" size="xs" onClick={() => answerPath(null)}>
            Cancel
          </Button>
          {isFolder && (
            <Button size="xs" onClick={() => take(directory.path)}>
              Choose this folder
            </Button>
          )}
        </Group>
      </Group>
    </>
  );
}

function UploadButton(): ReactNode {
  return (
    <Button component="label" variant="default" size="xs">
      Upload from this computer…
      <input
        type="file"
        accept=".onnx,.pb"
        hidden
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          answerPath(null);
          if (file !== undefined) void openFile(file);
        }}
      />
    </Button>
  );
}
