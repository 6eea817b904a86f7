import type { Move } from './move.ts';
import type { NumericData } from './raw-samples.ts';
import { scaledBy, type ChannelScaling, type Values } from './values.ts';

/** One sample among the others: where it begins in the data and in the input. */
interface Places<Target> {
  readonly source: NumericData;
  readonly sourceAt: number;
  readonly target: Target;
  readonly targetAt: number;
}

/** Copies one sample, each value converted. */
export function copySample(
  { from, to, channelOf }: Move,
  { source, sourceAt, target, targetAt }: Places<NumericData>,
  convert: (value: number | bigint) => number | bigint,
): void {
  const pixels = to.height * to.width;
  for (const [channel, own] of channelOf.entries()) {
    const base = targetAt + channel * to.steps.channel;
    for (let pixel = 0; pixel < pixels; pixel++) {
      const at = sourceAt + pixel * from.steps.column;
      const value = own < 0 ? brightness(source, at, from.steps.channel) : source[at + own * from.steps.channel]!;
      target[base + pixel * to.steps.column] = convert(value);
    }
  }
}

/** Copies one sample, scaled. Rows follow each other without a gap in every layout, so one loop runs over the pixels. */
export function copyScaledSample(move: Move, places: Places<Float32Array>, { table, scaled, scaling }: Values): void {
  const { from, to, channelOf } = move;
  const { source, sourceAt, target, targetAt } = places;
  const pixels = to.height * to.width;
  if (source instanceof Float32Array && scaling === null && isInPlace(move)) {
    const size = pixels * to.channels;
    target.set(source.subarray(sourceAt, sourceAt + size), targetAt);
    return;
  }
  if (table !== undefined && source instanceof Uint8Array && isSplit(move)) {
    splitPixels(move, places, source, table);
    return;
  }
  for (const [channel, own] of channelOf.entries()) {
    const run: Run = {
      pixels,
      at: sourceAt + Math.max(own, 0) * from.steps.channel,
      step: from.steps.column,
      to: targetAt + channel * to.steps.channel,
      toStep: to.steps.column,
    };
    if (own < 0) {
      const luma = (at: number): number => scaled(brightness(source, at, from.steps.channel), channel);
      for (let pixel = 0; pixel < pixels; pixel++)
        target[run.to + pixel * run.toStep] = luma(run.at + pixel * run.step);
    } else if (table !== undefined && source instanceof Uint8Array) {
      lookUpChannel(source, target, run, table.subarray(channel << 8, (channel + 1) << 8));
    } else if (source instanceof Float32Array) {
      scaleChannel(source, target, run, scaling?.[channel] ?? UNSCALED);
    } else {
      for (let pixel = 0; pixel < pixels; pixel++)
        target[run.to + pixel * run.toStep] = scaled(Number(source[run.at + pixel * run.step]!), channel);
    }
  }
}

/** Whether a sample lies in the input just as it lies in the data. */
function isInPlace({ from, to, channelOf }: Move): boolean {
  return (
    from.channels === to.channels &&
    channelOf.every((own, channel) => own === channel) &&
    from.steps.channel === to.steps.channel &&
    from.steps.column === to.steps.column
  );
}

/** Whether the three colours of a pixel lie side by side in the data and in planes of their own in the input. */
function isSplit({ from, to, channelOf }: Move): boolean {
  return (
    channelOf.length === 3 && channelOf.every((own) => own >= 0) && from.steps.channel === 1 && to.steps.column === 1
  );
}

function splitPixels(move: Move, places: Places<Float32Array>, source: Uint8Array, table: Float32Array): void {
  const [a = 0, b = 0, c = 0] = move.channelOf;
  const [first, second, third] = [table.subarray(0, 256), table.subarray(256, 512), table.subarray(512, 768)];
  const { target, targetAt, sourceAt } = places;
  const step = move.from.steps.column;
  const plane = move.to.steps.channel;
  let at = sourceAt;
  for (let out = targetAt, end = targetAt + plane; out < end; out++, at += step) {
    target[out] = first[source[at + a]!]!;
    target[out + plane] = second[source[at + b]!]!;
    target[out + 2 * plane] = third[source[at + c]!]!;
  }
}

/** One channel of a sample: where its elements lie in the data and in the input, and how far apart. */
interface Run {
  readonly pixels: number;
  readonly at: number;
  readonly step: number;
  readonly to: number;
  readonly toStep: number;
}

function lookUpChannel(source: Uint8Array, target: Float32Array, run: Run, row: Float32Array): void {
  const { step, toStep } = run;
  let at = run.at;
  let out = run.to;
  for (let pixel = 0; pixel < run.pixels; pixel++, at += step, out += toStep) target[out] = row[source[at]!]!;
}

const UNSCALED: ChannelScaling = { scale: 1, mean: 0, std: 1 };

function scaleChannel(source: Float32Array, target: Float32Array, run: Run, scaling: ChannelScaling): void {
  const { step, toStep } = run;
  let at = run.at;
  let out = run.to;
  for (let pixel = 0; pixel < run.pixels; pixel++, at += step, out += toStep)
    target[out] = scaledBy(source[at]!, scaling);
}

/** ITU-R 601 luma of the pixel's first three channels, rounded for integers as Pillow's mode L is. */
function brightness(source: NumericData, at: number, step: number): number {
  const luma =
    0.299 * Number(source[at]!) + 0.587 * Number(source[at + step]!) + 0.114 * Number(source[at + 2 * step]!);
  return source instanceof Float32Array || source instanceof Float64Array ? luma : Math.round(luma);
}
