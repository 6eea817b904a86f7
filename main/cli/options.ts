import { InvalidArgumentError, Option, type Command } from 'commander';
import { preprocessingSchema, splitSettingsSchema, type SplitSettings } from '../contract/data.ts';
import { providerSchema, runSettingsSchema, type Provider, type RunSettings } from '../contract/machine.ts';
import { StudioError } from '../base/errors.ts';
import { PRESETS, type PresetId } from '../contract/preprocessing-presets.ts';
import { PRESET_TABLE } from '../judge/preprocessing/presets.ts';
import type { DatasetSource } from '../services/operations/operation-map.ts';

/** Parses a whole number of at least `minimum`, and at most `maximum` where there is one. */
export function wholeNumber(minimum: number, maximum?: number): (text: string) => number {
  const expected = maximum === undefined ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!Number.isSafeInteger(value) || value < minimum || value > (maximum ?? Number.MAX_SAFE_INTEGER)) {
      throw new InvalidArgumentError(`expected a whole number ${expected}`);
    }
    return value;
  };
}

/** Parses a number from `minimum` to `maximum`. */
export function numberBetween(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!(value >= minimum && value <= maximum)) {
      throw new InvalidArgumentError(`expected a number from ${minimum} to ${maximum}`);
    }
    return value;
  };
}

/** Parses `1,2.5,3`. */
export function numberList(text: string): number[] {
  const values = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (values.some((value) => !Number.isFinite(value)))
    throw new InvalidArgumentError('expected numbers with commas between');
  return values;
}

/** Collects repeated `--exclude NAME` (commas separate too). */
export function collectNames(text: string, previous: readonly string[]): string[] {
  return [...previous, ...text.split(',').filter((name) => name !== '')];
}

function collectDims(text: string, previous: Readonly<Record<string, number>>): Record<string, number> {
  const match = /^(.+)=(\d+)$/u.exec(text);
  const name = match?.[1];
  const value = Number(match?.[2]);
  if (name === undefined || !Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError('expected NAME=SIZE, as in batch=4');
  }
  return { ...previous, [name]: value };
}

/** `--json` and `--quiet`, which every command takes. */
export function addCommonOptions(command: Command): Command {
  return command.option('--json', 'print one JSON document on stdout').option('--quiet', 'print errors only');
}

export interface DimOptions {
  readonly dim: Readonly<Record<string, number>>;
}

/** `--dim NAME=SIZE`. */
export function addDimOption(command: Command): Command {
  return command.option('--dim <name=size>', 'size of a symbolic dimension; may be repeated', collectDims, {});
}

export interface RunOptions extends DimOptions {
  readonly ep: Provider;
  readonly threads?: number;
  readonly batch: number;
}

/** `--ep`, `--threads`, `--batch`, `--dim`. */
export function addRunOptions(command: Command): Command {
  command
    .addOption(new Option('--ep <provider>', 'execution provider').choices(providerSchema.options).default('cpu'))
    .option('--threads <n>', 'intra-op threads (default: physical cores)', wholeNumber(1))
    .option('--batch <n>', 'batch size', wholeNumber(1), 1);
  return addDimOption(command);
}

/** The run settings that the options say. */
export function runSettings(options: RunOptions): RunSettings {
  const { ep, threads, batch, dim } = options;
  return runSettingsSchema.parse({ provider: ep, threads: threads ?? null, batch, dims: dim });
}

export interface DataOptions {
  readonly data?: string;
  readonly labels?: string;
  readonly mean?: number[];
  readonly std?: number[];
  readonly scale?: number;
  readonly resize?: number;
  readonly letterbox?: string;
  readonly preprocess?: PresetId;
  readonly channels?: string;
  readonly layout?: string;
  readonly labelOffset?: number;
}

/** `--data` and how it becomes the model's input. */
export function addDataOptions(command: Command, purpose: string): Command {
  return command
    .option('--data <path>', `${purpose}: .npz, .npy, IDX, .pb, or a folder of images (in class folders)`)
    .option('--labels <file>', 'labels, where they lie in another file')
    .addOption(
      new Option('--preprocess <name>', 'how images become the input, by a name; options beside it change it').choices([
        ...PRESETS,
      ]),
    )
    .option('--mean <list>', 'mean for each channel, in units of x/255', numberList)
    .option('--std <list>', 'standard deviation for each channel, in units of x/255', numberList)
    .option('--scale <x>', 'factor for raw values (default: 1/255 for 8-bit data)', numberBetween(-1e9, 1e9))
    .option('--resize <px>', 'shorter side before the centre crop', wholeNumber(1))
    .addOption(
      new Option(
        '--letterbox <align>',
        'fit images in whole, the rest grey 114 (other options: --preprocess yolo, yolox)',
      ).choices(['center', 'corner']),
    )
    .addOption(new Option('--channels <order>', 'channel order').choices(['auto', 'rgb', 'bgr', 'gray']))
    .addOption(new Option('--layout <layout>', 'input layout').choices(['auto', 'nchw', 'nhwc']))
    .option('--label-offset <n>', 'added to every label: 1 where class 0 of the model is "background"', wholeNumber(0));
}

/** The data that the options say, or null without `--data`. */
export function optionalData(options: DataOptions): DatasetSource | null {
  if (options.data === undefined) return null;
  const { mean, std, scale, resize, channels, layout, labelOffset, letterbox, preprocess } = options;
  const said = {
    mean,
    std,
    scale,
    resize,
    channels,
    layout,
    labelOffset,
    letterbox: letterbox && { align: letterbox },
  };
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  return {
    path: options.data,
    labelsPath: options.labels ?? null,
    preprocessing: preprocessingSchema.parse({ ...(preprocess && PRESET_TABLE[preprocess].values), ...given }),
  };
}

/** The data that the options say. @throws USAGE without `--data` */
export function requiredData(options: DataOptions, why: string): DatasetSource {
  const data = optionalData(options);
  if (data === null)
    throw new StudioError('USAGE', `--data is missing: ${why}`, { hint: 'Name a file or a folder of data.' });
  return data;
}

export interface SplitOptions {
  readonly calibrationShare?: number;
  readonly splitSeed?: number;
  readonly calibrationData?: string;
}

/** Parses a share between 0 and 1, both left out. */
function properShare(text: string): number {
  const value = numberBetween(0, 1)(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError('expected a share between 0 and 1, as in 0.2');
}

/** `--calibration-share`, `--split-seed`, `--calibration-data`: what keeps calibration and evaluation apart. */
export function addSplitOptions(command: Command, calibrationData: string): Command {
  return command
    .option(
      '--calibration-share <share>',
      'cut the data in two: this share calibrates, the rest evaluates',
      properShare,
    )
    .option('--split-seed <n>', 'draws the two parts; the same seed gives the same parts (default: 0)', wholeNumber(0))
    .option('--calibration-data <path>', calibrationData);
}

/**
 * How the options cut one set in two; null: not at all.
 * @param shared whether the same set calibrates and evaluates: then it is cut without being told to
 * @throws USAGE for a seed without anything to draw
 */
export function splitSettings({ calibrationShare, splitSeed }: SplitOptions, shared = false): SplitSettings | null {
  if (calibrationShare === undefined && !shared) {
    if (splitSeed === undefined) return null;
    throw new StudioError('USAGE', '--split-seed draws nothing without --calibration-share', {
      hint: 'Say which share calibrates, as in --calibration-share 0.2.',
    });
  }
  return splitSettingsSchema.parse({ share: calibrationShare, seed: splitSeed });
}

/** Parses 90s, 10m, 1.5h. @returns milliseconds */
export function duration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(s|m|h)$/u.exec(text) ?? [];
  const milliseconds = Number(number) * { s: 1e3, m: 6e4, h: 3.6e6 }[unit as 's' | 'm' | 'h'];
  if (milliseconds > 0) return milliseconds;
  throw new InvalidArgumentError('expected a duration, as in 90s, 10m or 1h');
}
