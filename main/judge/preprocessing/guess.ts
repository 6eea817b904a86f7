/** Which preprocessing a model seems to want, told with the reason; a guess, to be looked at and tried. */
import type { PresetId } from '../../contract/preprocessing-presets.ts';

type Shape = readonly (number | string | null)[];

/** What is known of the model and of the data. */
export interface GuessFacts {
  /** The input that images go into. */
  readonly input: { readonly dtype: string | null; readonly shape: Shape | null };
  readonly outputs: readonly (Shape | null)[];
  /** Name of the model, of its file or as it says itself. */
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** The first thing that is done to the input is to take a mean off or to scale it. */
  readonly normalizesItself: boolean;
  /** Type of the values that the data hold; null: not known. */
  readonly dataDtype: string | null;
}

export interface Guess {
  readonly preset: PresetId;
  /** "its input is 3×224×224 and it tells 1,000 classes apart" */
  readonly because: string;
}

/** Values of the metadata key "Image.NominalPixelRange", which Windows ML reads. */
const PIXEL_RANGES: Readonly<Record<string, PresetId>> = {
  NominalRange_0_255: 'raw',
  Normalized_0_1: 'unit',
  Normalized_1_1: 'signed',
};

/** The first that applies: what model and data say of themselves, then what their shapes are like. */
export function guessPreprocessing(facts: GuessFacts): Guess {
  return guessFromWords(facts) ?? guessFromShapes(facts);
}

function guessFromWords({ input, metadata, normalizesItself, dataDtype }: GuessFacts): Guess | null {
  if (input.dtype !== null && !input.dtype.includes('float'))
    return { preset: 'raw', because: `the model takes ${input.dtype}` };
  if (dataDtype?.includes('float') === true)
    return { preset: 'unit', because: 'the data are floats already and stay as they are' };
  const range = metadata['Image.NominalPixelRange'];
  const told = range === undefined ? undefined : PIXEL_RANGES[range];
  if (told !== undefined) return { preset: told, because: `the model’s metadata say ${range}` };
  const words = metadata['preprocessing'];
  if (words !== undefined && /x\s*\/\s*255$/u.test(words.trim()))
    return { preset: 'unit', because: `the model’s metadata say ${words.trim()}` };
  if (normalizesItself) return { preset: 'raw', because: 'the model normalizes its input itself' };
  return null;
}

function guessFromShapes({ input: { shape }, outputs, name }: GuessFacts): Guess {
  const image = imageOf(shape);
  if (image === null) return { preset: 'unit', because: 'its input is no image' };
  const { side, channels, last } = image;
  const size = `${side ?? '?'}×${side ?? '?'}`;
  const classes = classCount(outputs);
  if (channels === 1)
    return side === 28
      ? { preset: 'mnist', because: 'its input is one channel of 28×28' }
      : { preset: 'unit', because: 'its input is one channel' };
  if (/yolox/iu.test(name)) return { preset: 'yolox', because: 'it is called YOLOX' };
  if (/yolo/iu.test(name)) return { preset: 'yolo', because: 'it is called YOLO' };
  if (classes === null && side !== null && side >= 256 && side % 32 === 0)
    return { preset: 'yolo', because: `its input is ${size} and it gives no classes: it seems to detect` };
  if (side === 32) return { preset: 'cifar10', because: 'its input is 3×32×32' };
  if (last)
    return { preset: 'signed', because: `its input is ${size} with the channels last, as TensorFlow’s models have it` };
  if (side !== null && side >= 160 && classes !== null)
    return {
      preset: 'imagenet',
      because: `its input is ${size} and it tells ${classes.toLocaleString('en')} classes apart`,
    };
  return { preset: 'unit', because: `nothing tells; its input is ${size}` };
}

/** A batch of images with one or three channels; null: something else. */
function imageOf(shape: Shape | null): { side: number | null; channels: number; last: boolean } | null {
  if (shape?.length !== 4) return null;
  const channelsAt = [1, 3].find((axis) => shape[axis] === 1 || shape[axis] === 3);
  if (channelsAt === undefined) return null;
  const side = channelsAt === 1 ? shape[2] : shape[1];
  return {
    side: typeof side === 'number' ? side : null,
    channels: Number(shape[channelsAt]),
    last: channelsAt === 3,
  };
}

/** Classes of a model whose only output is a batch of scores; null: it is no classifier. */
function classCount(outputs: readonly (Shape | null)[]): number | null {
  const [only] = outputs;
  if (outputs.length !== 1 || only === undefined || only === null) return null;
  const sizes = only.slice(1).filter((size) => size !== 1);
  const [classes] = sizes;
  return sizes.length === 1 && typeof classes === 'number' ? classes : null;
}
