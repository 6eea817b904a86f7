import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** The manifest of the bundled samples, `resources/samples/samples.json`. */
const manifestSchema = z.object({
  dataset: z.object({
    title: z.string(),
    test: z.string(),
    validation: z.string(),
  }),
  models: z.array(z.object({ file: z.string(), title: z.string(), summary: z.string() })),
});

export interface SampleModel {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly path: string;
  readonly bytes: number;
}

export interface Samples {
  readonly models: readonly SampleModel[];
  readonly dataset: { readonly title: string; readonly test: string; readonly validation: string };
}

/** The project's `resources` folder, from source (`main/services`) and from the build (`out/main`) alike. */
export const resourcesDirectory = fileURLToPath(new URL('../../resources', import.meta.url));

/** The bundled sample models and their data, with absolute paths. */
export async function readSamples(): Promise<Samples> {
  const folder = join(resourcesDirectory, 'samples');
  const manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, 'samples.json'), 'utf8')));
  const models = await Promise.all(
    manifest.models.map(async ({ file, title, summary }) => {
      const path = join(folder, file);
      return { id: file.replace(/\.onnx$/u, ''), title, summary, path, bytes: (await stat(path)).size };
    }),
  );
  const { title, test, validation } = manifest.dataset;
  return { models, dataset: { title, test: join(folder, test), validation: join(folder, validation) } };
}
