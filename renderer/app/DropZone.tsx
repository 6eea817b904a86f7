import { IconFileImport } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { openFile } from '../state/actions.ts';
import { tell } from '../state/messages.ts';
import classes from './DropZone.module.css';

/** A file dropped anywhere is opened. */
export function DropZone(): ReactNode {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
    const onOver = (event: DragEvent): void => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onLeave = (event: DragEvent): void => {
      // Only when the pointer leaves the window there is nothing that it goes to.
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent): void => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      setOver(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      const model = files.find((file) => /\.(onnx|pb|ort)$/i.test(file.name)) ?? files[0];
      if (model === undefined) tell('warning', 'Nothing that could be opened was dropped', 'Drop one .onnx file.');
      else void openFile(model);
    };
    globalThis.addEventListener('dragover', onOver);
    globalThis.addEventListener('dragleave', onLeave);
    globalThis.addEventListener('drop', onDrop);
    return () => {
      globalThis.removeEventListener('dragover', onOver);
      globalThis.removeEventListener('dragleave', onLeave);
      globalThis.removeEventListener('drop', onDrop);
    };
  }, []);
  if (!over) return null;
  return (
    <div className={classes['zone']}>
      <IconFileImport size={40} stroke={1.3} />
      Drop to open
    </div>
  );
}
