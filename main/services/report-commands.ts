import { basename } from 'node:path';
import type { MeasuredData, Preprocessing, Split } from '../contract/data.ts';
import type { DatasetEntry, Trial } from '../contract/studio.ts';
import { presetOf } from '../judge/preprocessing/presets.ts';

/** The data of a trial's numbers; null: there are none. */
interface Known {
  readonly data: MeasuredData | null;
  readonly datasets: readonly DatasetEntry[];
}

/**
 * What makes and measures a trial's model in the terminal, in a folder that holds the model, its data and the recipe: files by their
 * names, since paths are those of one machine.
 */
export function commandsFor(
  modelName: string,
  { recipe, calibration }: Pick<Trial, 'recipe' | 'calibration'>,
  { data, datasets }: Known,
): string[] {
  const model = quoted(modelName);
  const on = data === null ? '' : dataOptions(data, datasets);
  if (recipe.steps.length === 0) {
    return [`lapidary profile ${model}`, ...(data === null ? [] : [`lapidary evaluate ${model}${on}`])];
  }
  const typical = calibration === null ? '' : dataOptions(calibration, datasets);
  return [
    `lapidary apply ${model} -o optimized.onnx --recipe recipe.json${typical}`,
    `lapidary compare ${model} optimized.onnx${on}`,
  ];
}

/** Names for people are not names of files: a bundled set has a title. One that was removed since is told by its name. */
function dataOptions(
  { datasetId, name, preprocessing, split }: MeasuredData,
  datasets: readonly DatasetEntry[],
): string {
  const entry = datasets.find(({ id }) => id === datasetId);
  const labels = entry?.labelsPath ?? null;
  return [
    ` --data ${quoted(entry === undefined ? name : basename(entry.path))}`,
    labels === null ? '' : ` --labels ${quoted(basename(labels))}`,
    preprocessingOptions(preprocessing),
    split.part === 'all' ? '' : splitOptions(split),
  ].join('');
}

function splitOptions({ share, seed }: Split): string {
  return ` --calibration-share ${share} --split-seed ${seed}`;
}

/** A preset by its name, else what differs from nothing at all. */
function preprocessingOptions(preprocessing: Preprocessing): string {
  const { layout, labelOffset } = preprocessing;
  const preset = presetOf(preprocessing);
  const given: Readonly<Record<string, string | number | null>> = {
    ...(preset === null ? valuesOf(preprocessing) : { preprocess: preset === 'unit' ? null : preset }),
    layout: layout === 'auto' ? null : layout,
    'label-offset': labelOffset === 0 ? null : labelOffset,
  };
  return Object.entries(given)
    .filter(([, value]) => value !== null && value !== '')
    .map(([flag, value]) => ` --${flag} ${value}`)
    .join('');
}

function valuesOf({
  resize,
  letterbox,
  mean,
  std,
  scale,
  channels,
}: Preprocessing): Record<string, string | number | null> {
  return {
    resize,
    letterbox: letterbox?.align ?? null,
    mean: mean.join(','),
    std: std.join(','),
    scale,
    channels: channels === 'auto' ? null : channels,
  };
}

function quoted(text: string): string {
  return /^[\w.-]+$/u.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
