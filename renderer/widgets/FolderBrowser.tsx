import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { ActionIcon, Group, ScrollArea, Text, TextInput } from '@mantine/core';
import { IconArrowUp, IconFile, IconFolder } from '@tabler/icons-react';
import type { Directory } from '../../main/contract/studio.ts';
import { ErrorState } from '../design/ErrorState.tsx';
import { LoadingState } from '../design/LoadingState.tsx';
import { formatBytes } from '../design/format.ts';
import { asEngineError } from '../rpc/engine-error.ts';
import type { EngineError } from '../rpc/engine-error.ts';
import { engine } from '../state/engine.ts';
import classes from './FolderBrowser.module.css';

export interface FolderBrowserProps {
  /** The folder being shown; null: the engine's choice (the user's home). */
  readonly path: string | null;
  readonly onPath: (path: string) => void;
  /** Called with a file's path; absent: files are shown but cannot be picked. */
  readonly onFile?: (path: string) => void;
}

/** The folders of the machine that the engine runs on, for where there is no native dialog. */
export function FolderBrowser({ path, onPath, onFile }: FolderBrowserProps): ReactNode {
  const [directory, setDirectory] = useState<Directory | null>(null);
  const [error, setError] = useState<EngineError | null>(null);
  const [typed, setTyped] = useState(path ?? '');
  useEffect(() => {
    let current = true;
    engine()
      .call('fs.list', { path })
      .then((listed) => {
        if (!current) return;
        setDirectory(listed);
        setTyped(listed.path);
        setError(null);
        if (path === null) onPath(listed.path);
      })
      .catch((cause: unknown) => current && setError(asEngineError(cause)));
    return () => {
      current = false;
    };
    // oxlint-disable-next-line react/exhaustive-deps -- `onPath` only tells the parent what was found
  }, [path]);
  const separator = directory?.path.includes('\\') ? '\\' : '/';
  const inside = (name: string): string => `${directory?.path.replace(/[\\/]$/u, '') ?? ''}${separator}${name}`;
  return (
    <div className={classes['browser']}>
      <Group gap={6} wrap="nowrap">
        <ActionIcon
          aria-label="Parent folder"
          disabled={directory?.parent == null}
          onClick={() => directory?.parent != null && onPath(directory.parent)}
        >
          <IconArrowUp size={14} />
        </ActionIcon>
        <TextInput
          aria-label="Folder"
          value={typed}
          flex={1}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'Enter' && onPath(typed)}
          onBlur={() => typed !== '' && typed !== directory?.path && onPath(typed)}
        />
      </Group>
      <ScrollArea className={classes['list'] ?? ''} type="auto">
        {error !== null && <ErrorState error={error} />}
        {error === null && directory === null && <LoadingState>Reading the folder…</LoadingState>}
        {error === null &&
          directory?.entries.map((entry) =>
            entry.kind === 'folder' ? (
              <button
                key={entry.name}
                type="button"
                className={classes['entry']}
                onClick={() => onPath(inside(entry.name))}
              >
                <IconFolder size={14} /> {entry.name}
              </button>
            ) : (
              <button
                key={entry.name}
                type="button"
                className={classes['entry']}
                disabled={onFile === undefined}
                onClick={() => onFile?.(inside(entry.name))}
              >
                <IconFile size={14} /> <span className={classes['name']}>{entry.name}</span>
                <Text span className="lap-muted">
                  {formatBytes(entry.bytes)}
                </Text>
              </button>
            ),
          )}
        {error === null && directory?.entries.length === 0 && (
          <Text className="lap-muted" p="xs">
            This folder is empty.
          </Text>
        )}
      </ScrollArea>
    </div>
  );
}
