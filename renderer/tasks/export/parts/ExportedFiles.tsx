import type { ReactNode } from 'react';
import { Anchor, Button } from '@mantine/core';
import type { Result } from '../../../../main/contract/methods.ts';
import { formatBytes } from '../../../../main/judge/format.ts';
import { desktop } from '../../../rpc/bridge.ts';
import { findConnection } from '../../../rpc/connection.ts';
import { fetchFile } from '../../../rpc/download.ts';
import { saveBlob } from '../../../state/download.ts';
import { tellError } from '../../../state/messages.ts';
import classes from '../ExportView.module.css';
import { baseName } from '../model.ts';

type ExportedFile = Result<'trial.export'>['files'][number];

/** What was written, with sizes; downloads where there is no folder. */
export function ExportedFiles({ files }: { readonly files: readonly ExportedFile[] }): ReactNode {
  const show = desktop()?.showInFolder;
  const first = files[0];
  return (
    <section aria-label="Exported files" role="status">
      <h3 className={classes['heading']}>Exported</h3>
      <table className={classes['files']}>
        <tbody>
          {files.map((file) => (
            <tr key={file.path}>
              <td>{file.url === null ? file.path : baseName(file.path)}</td>
              <td>{formatBytes(file.bytes)}</td>
              <td>
                {file.url !== null && (
                  <Anchor component="button" type="button" size="xs" onClick={() => void download(file)}>
                    Download
                  </Anchor>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {show !== undefined && first !== undefined && first.url === null && (
        <Button variant="default" mt={6} onClick={() => show(first.path)}>
          Show in folder
        </Button>
      )}
    </section>
  );
}

async function download(file: ExportedFile): Promise<void> {
  if (file.url === null) return;
  try {
    saveBlob(baseName(file.path), await fetchFile(findConnection(), file.url));
  } catch (error) {
    tellError(error);
  }
}
