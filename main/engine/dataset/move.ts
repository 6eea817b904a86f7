import type { Preprocessing } from '../../contract/data.ts';
import { imageLayout, imageTarget, sourceLayout, type ImageLayout } from './layout.ts';
import type { RawSamples } from './raw-samples.ts';

/** Where each element of a sample goes. */
export interface Move {
  readonly from: ImageLayout;
  readonly to: ImageLayout;
  /** For each channel of the target, the source's; -1: brightness of its first three. */
  readonly channelOf: readonly number[];
  readonly dims: readonly number[];
  readonly unbatched: boolean;
  readonly said: readonly string[];
}

/**
 * Decides how samples of one shape are laid out for an input.
 * @param shape the input's, batch first
 * @returns undefined when they do not fit
 */
export function planMove(
  raw: RawSamples,
  shape: readonly (number | string | null)[],
  settings: Preprocessing,
): Move | undefined {
  const batched = moveOnto(raw, shape.slice(1), settings);
  if (batched !== undefined && shape.length > 0) return { ...batched, unbatched: false };
  const fitsWhole =
    shape.length === raw.dims.length && shape.every((dim, axis) => typeof dim !== 'number' || dim === raw.dims[axis]);
  return fitsWhole ? { ...flatMove(raw.dims), unbatched: true } : undefined;
}

/** Without the dimensions that hold nothing. */
const squeezed = (dims: readonly (number | string | null)[]): readonly (number | string | null)[] =>
  dims.filter((dim) => dim !== 1);

/** The move onto a sample of the model's input, or undefined when none is possible. */
function moveOnto(
  raw: RawSamples,
  wanted: readonly (number | string | null)[],
  settings: Preprocessing,
): Omit<Move, 'unbatched'> | undefined {
  const image = imageTarget(wanted, settings.layout);
  const from = image === undefined ? undefined : sourceLayout(raw.dims, image);
  if (image !== undefined && from !== undefined && image.order !== 'hw') {
    const size = { height: from.height, width: from.width, channels: image.channels };
    const channelOf = mapChannels(from.channels, image.channels, settings.channels);
    if (channelOf === undefined) return undefined;
    const to = imageLayout(image.order, size);
    const dims =
      image.order === 'chw' ? [size.channels, size.height, size.width] : [size.height, size.width, size.channels];
    return { from, to, channelOf, dims, said: sayMove(from, to, settings.channels) };
  }
  const [a, b] = [squeezed(raw.dims), squeezed(wanted)];
  if (a.length === b.length && b.every((dim, axis) => typeof dim !== 'number' || dim === a[axis])) {
    let next = 0;
    return flatMove(wanted.map((dim) => (dim === 1 ? 1 : Number(a[next++]))));
  }
  const elements = raw.dims.reduce((product, dim) => product * dim, 1);
  if (wanted.length === 1 && (wanted[0] === elements || typeof wanted[0] !== 'number')) {
    return { ...flatMove([elements]), said: [`${raw.dims.join('×')} flattened`] };
  }
  return undefined;
}

function flatMove(dims: readonly number[]): Omit<Move, 'unbatched'> {
  const width = dims.reduce((product, dim) => product * dim, 1);
  const line = imageLayout('hw', { height: 1, width, channels: 1 });
  return { from: line, to: line, channelOf: [0], dims, said: [] };
}

function mapChannels(from: number, to: number, order: Preprocessing['channels']): readonly number[] | undefined {
  if (from >= 3 && (to === 1 || order === 'gray')) return Array.from({ length: to }, () => -1);
  if (from === 1) return Array.from({ length: to }, () => 0);
  if (from < to) return undefined;
  if (from > to && !(from === 4 && to === 3)) return undefined;
  const channels = Array.from({ length: to }, (_, channel) => channel);
  if (order !== 'bgr' || to < 3) return channels;
  return channels.map((channel) => (channel < 3 ? 2 - channel : channel));
}

function sayMove(from: ImageLayout, to: ImageLayout, order: Preprocessing['channels']): string[] {
  const said: string[] = [];
  if (from.channels >= 3 && (to.channels === 1 || order === 'gray')) said.push('RGB to brightness');
  else if (from.channels === 1 && to.channels > 1) said.push(`one channel repeated ${to.channels}×`);
  else if (from.channels === 4 && to.channels === 3) said.push('alpha dropped');
  if (to.channels >= 3 && from.channels >= 3 && order !== 'gray') said.push(order === 'bgr' ? 'BGR' : 'RGB');
  if (to.channels > 1 || from.channels > 1) said.push(to.steps.channel === 1 ? 'channels last' : 'channels first');
  return said;
}
