import { constants } from 'node:fs';
import { copyFile, rm, stat } from 'node:fs/promises';
import { StudioError } from '../../base/errors.ts';
import { saveModel, type SaveOptions } from '../../engine/onnx/save.ts';
import { openShared } from './opened-models.ts';

/**
 * Copies a model: the very bytes that were measured, or, with external data, a file with its data beside it.
 * @throws WRITE_FAILED; what `prove` throws, and then no file is left; CANCELLED
 */
export async function copyModel(
  path: string,
  output: string,
  options: Required<Pick<SaveOptions, 'signal' | 'prove'>>,
): Promise<{ readonly bytes: number }> {
  const { model, externalBytes } = await openShared(path);
  if (externalBytes > 0) return saveModel(model, output, options);
  try {
    await copyFile(path, output, constants.COPYFILE_FICLONE);
    await options.prove(output);
    return { bytes: (await stat(output)).size };
  } catch (cause) {
    await rm(output, { force: true });
    if (cause instanceof StudioError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new StudioError('WRITE_FAILED', `The model cannot be written: ${message}`, {
      hint: 'Check the free disk space and your rights.',
      cause,
    });
  }
}
