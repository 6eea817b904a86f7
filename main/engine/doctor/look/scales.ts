/** Scales that cannot be, or that fit only some of their channels; products that would not fit 16 bits. */
import type { Finding } from '../../../contract/doctor.ts';
import type { Node } from '../../graph/ir.ts';
import { hasTrait, isQdq } from '../../operators/ask.ts';
import { splitAtAxis } from '../../tensor/axis.ts';
import { counted, floatFix, layer, type Subject } from '../subject.ts';
import { codedWeights, usedScales, type CodedWeights } from './codes.ts';

/** Scales that are 0, negative or no number. */
export function badScales(subject: Subject): readonly Finding[] {
  const bad = usedScales(subject).filter(({ values }) =>
    Array.from({ length: values.length }, (_, at) => Number(values[at])).some(
      (scale) => !(scale > 0) || scale === Infinity,
    ),
  );
  if (bad.length === 0) return [];
  const layers = [...new Set(bad.flatMap(({ nodes }) => nodes.flatMap((node) => neighbours(node, subject))))];
  return [
    {
      code: 'bad-scale',
      severity: 'error',
      text: `${counted(bad.length, 'scale')} ${bad.length === 1 ? 'is' : 'are'} 0, negative or not a number ('${bad[0]!.name}'): what is quantized with ${bad.length === 1 ? 'it' : 'them'} is lost.`,
      evidence: [{ label: 'scales', value: bad.length, unit: '' }],
      layers: layers.map((node) => layer(node)),
      measured: false,
      fix:
        layers.length === 0
          ? null
          : floatFix(
              subject,
              layers.map(({ name }) => name),
            ),
    },
  ];
}

/** The layers beside a conversion. */
function neighbours(node: Node, { index }: Pick<Subject, 'index'>): readonly Node[] {
  const before = node.inputs.slice(0, 1).flatMap((value) => index.producer(value) ?? []);
  const after = node.outputs.flatMap((value) => index.consumers(value));
  return [...before, ...after].filter((one) => !isQdq(one) && !hasTrait(one, 'constant'));
}

/** Channels whose largest code is this or less lose three bits and more of eight. */
const FEW_CODES = 15;
/** Share of such channels from which a layer is told. */
const MANY_CHANNELS = 0.1;

/** One scale for all channels of a weight though their ranges differ much: small channels get a handful of codes. */
export function wastedWeights(subject: Subject): readonly Finding[] {
  const found = codedWeights(subject).flatMap((weights) => {
    const { stored, axis } = weights;
    if (stored.axis !== undefined) return [];
    const most = channelMaxima(weights);
    const largest = most.reduce((a, b) => Math.max(a, b), 0);
    const poor = most.filter((code) => code > 0 && code <= FEW_CODES).length;
    if (largest <= FEW_CODES || poor < most.length * MANY_CHANNELS || most.length < 2) return [];
    const median = [...most].sort((a, b) => a - b)[most.length >> 1]!;
    return [{ node: weights.node, poor, channels: stored.codes.dims[axis] ?? 0, median }];
  });
  if (found.length === 0) return [];
  const worst = found.toSorted((a, b) => b.poor / b.channels - a.poor / a.channels);
  return [
    {
      code: 'weights-waste',
      severity: 'warning',
      text: `${counted(found.length, 'layer')} ${found.length === 1 ? 'has' : 'have'} one scale for channels of very different size: many channels use ${FEW_CODES} codes or fewer of 127. Quantize the float model again with a scale for each channel.`,
      evidence: [{ label: 'layers', value: found.length, unit: '' }],
      layers: worst.map(({ node, poor, channels, median }) =>
        layer(node, null, [
          { label: 'channels with few codes', value: poor / channels, unit: 'share' },
          { label: 'codes of the median channel', value: median, unit: 'codes' },
        ]),
      ),
      measured: false,
      fix: subject.origin.quantizes
        ? {
            title: 'A scale for each channel',
            edits: [{ change: { kind: 'quantize', settings: { perChannel: true } } }],
            evidence: [],
          }
        : null,
    },
  ];
}

/** The largest distance of a code from its zero point, for each output channel. */
function channelMaxima({ stored, axis }: CodedWeights): readonly number[] {
  const { values, codes, zeroPoints } = stored;
  const { channels, inner } = splitAtAxis(codes.dims, axis);
  const zero = Number(zeroPoints?.[0] ?? 0);
  const most = Array.from({ length: channels }, () => 0);
  for (let i = 0; i < values.length; i++) {
    const channel = Math.floor(i / inner) % channels;
    most[channel] = Math.max(most[channel]!, Math.abs(Number(values[i]) - zero));
  }
  return most;
}

/** The largest sum that the 16-bit adders of AVX2 and AVX-512 without VNNI hold. */
const LARGEST_SUM = 2 ** 15 - 1;
/** The largest code of data: 8 bits without sign. */
const LARGEST_CODE = 255;

/**
 * int8 weights of two neighbours whose sum with the largest codes leaves 16 bits: kernels on CPUs without VNNI add the products
 * of two codes in 16 bits and saturate. A bound: with other data, or another order of the neighbours, it need not happen.
 */
export function couldSaturate(subject: Subject): readonly Finding[] {
  if (subject.vnni === null) return [];
  const found = codedWeights(subject).flatMap((weights) => {
    if (!weights.withCodes || weights.stored.codes.dtype !== 'int8') return [];
    const { worst, channels, of } = saturation(weights);
    return channels === 0 ? [] : [{ node: weights.node, worst, share: channels / of }];
  });
  if (found.length === 0) return [];
  const worst = found.toSorted((a, b) => b.share - a.share);
  const here = subject.vnni
    ? 'This CPU has VNNI and adds them exactly; one without it would not'
    : 'This CPU has no VNNI and may saturate';
  return [
    {
      code: 'could-saturate',
      severity: subject.vnni ? 'hint' : 'warning',
      text: `In ${counted(found.length, 'layer')} two products of 8-bit weights can leave the 16 bits in which CPUs without VNNI add them. ${here}: weights in 7 bits are exact everywhere.`,
      evidence: [
        { label: 'largest sum of two products', value: Math.max(...found.map((one) => one.worst)), unit: 'value' },
        { label: 'fits', value: LARGEST_SUM, unit: 'value' },
      ],
      layers: worst.map(({ node, share }) =>
        layer(node, null, [{ label: 'channels that can saturate', value: share, unit: 'share' }]),
      ),
      measured: false,
      fix: subject.origin.quantizes
        ? {
            title: 'Weights in 7 bits',
            edits: [{ change: { kind: 'quantize', settings: { reduceRange: true } } }],
            evidence: [],
          }
        : null,
    },
  ];
}

/**
 * The largest |255·w₁ + 255·w₂| of two weights that follow each other in a channel's sum, and how many channels leave 16 bits.
 * Signs must agree: data codes are never negative, so each sign is summed by itself.
 */
export function saturation({ stored, axis }: Pick<CodedWeights, 'stored' | 'axis'>): {
  readonly worst: number;
  readonly channels: number;
  readonly of: number;
} {
  const { values, codes } = stored;
  const { outer, channels, inner } = splitAtAxis(codes.dims, axis);
  // The sum of a channel runs over all other axes, in their order.
  const length = outer * inner;
  const at = (channel: number, k: number): number =>
    Number(values[(Math.floor(k / inner) * channels + channel) * inner + (k % inner)]);
  let [worst, over] = [0, 0];
  for (let channel = 0; channel < channels; channel++) {
    let most = 0;
    for (let k = 0; k + 1 < length; k += 2) {
      const [a, b] = [at(channel, k), at(channel, k + 1)];
      most = Math.max(
        most,
        LARGEST_CODE * (Math.max(0, a) + Math.max(0, b)),
        -LARGEST_CODE * (Math.min(0, a) + Math.min(0, b)) - 1,
      );
    }
    worst = Math.max(worst, most);
    if (most > LARGEST_SUM) over++;
  }
  return { worst, channels: over, of: channels };
}
