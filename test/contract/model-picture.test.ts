/** What is drawn of a model before all else: asked for beside `model.show`, told by the same studio. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { modelPictureSchema } from '../../main/contract/model-picture.ts';
import { shownModelSchema } from '../../main/contract/shown-model.ts';
import { createStudio } from '../../main/services/studio.ts';
import { openWorkspace } from '../../main/workspace/workspace.ts';

test('it has the layers and the edges of the baseline, and is of no file that is not there', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lapidary-picture-'));
  try {
    await using workspace = await openWorkspace(join(directory, 'workspace'));
    await using studio = await createStudio({ workspace, version: '0.0.0', emit: () => undefined });
    const picture = async (sample: string) =>
      modelPictureSchema.parse(await studio.handlers['model.picture']({ sample }));
    const show = async (sample: string) => shownModelSchema.parse(await studio.handlers['model.show']({ sample }));
    const [{ layers, details }, shown] = await Promise.all([picture('glyph-cnn'), show('glyph-cnn')]);
    const { texts, ...structure } = layers;
    expect(shown.layers).toMatchObject(structure);
    expect(shown.layers?.texts.slice(0, texts.length)).toEqual(texts);
    expect(details?.boxes).toHaveLength(layers.names.length);
    await expect(picture('none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
