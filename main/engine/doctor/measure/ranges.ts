import type { Finding, Fix } from '../../../contract/doctor.ts';
import { sqnrDb } from '../../../judge/signal-error.ts';
import { tensorValues } from '../../graph/tensor-data.ts';
import type { Node } from '../../graph/ir.ts';
import { hasTrait } from '../../operators/ask.ts';
import { constantOf } from '../../operators/constant-behind.ts';
import { tensorOfPair } from '../../quantize/qdq-parts.ts';
import { besideRanges, type TappedRange } from '../../passes/beside-kernels.ts';
import { sourceOfModel } from '../../runtime/model-source.ts';
import { counted, layer, type Subject } from '../subject.ts';
import { numberOf, SHARES, type Surroundings } from './surroundings.ts';

/** Of the codes of a range, so many must be used by the data: a quarter of them is two bits less. */
const LEAST_USED = 0.25;
/**
 * What is cut off the values beyond a range: more than this of the signal, or somewhat less where more than this share of the
 * values is hit. Many values that lie a hair beyond lose nothing.
 */
const LEAST_CLIP_DB = 25;
const LEAST_DB_OF_MANY = 40;
const MOST_BEYOND = 0.01;

interface Range extends TappedRange {
  readonly quantize: Node;
  readonly step: number;
  readonly codes: number;
}

/** Ranges that a fix gives at most: beyond, the data are others than those that calibrated, which is mended by calibrating again. */
const MOST_GIVEN = 64;

interface Seen {
  low: number;
  high: number;
  beyond: number;
  batches: number;
  signal: number;
  cut: number;
}

/**
 * How the ranges of quantized activations fit the data: codes that no value uses, and values that no code stands for. A range
 * that begins at its zero point stands for a Relu (and one that ends at 6 for a Relu6), which cuts on purpose.
 * @throws RUNTIME_…, CANCELLED
 */
export async function rangesOnData(subject: Subject, around: Surroundings): Promise<readonly Finding[]> {
  const ranges = subject.index.graph.nodes.flatMap((node) => rangeOf(node, subject) ?? []);
  if (ranges.length === 0) return [];
  const { model, taps } = besideRanges(subject.model, ranges);
  const { runner, context } = around;
  const settings = { provider: 'cpu', threads: null, optimization: 'disabled' } as const;
  const session = await runner.load(sourceOfModel(model), settings, { signal: context.signal });
  const seen = ranges.map((): Seen => ({ low: Infinity, high: -Infinity, beyond: 0, batches: 0, signal: 0, cut: 0 }));
  try {
    for await (const feeds of around.batches()) {
      const told = await session.run(feeds, { signal: context.signal });
      for (const [at, tap] of taps.entries()) {
        const one = seen[at]!;
        one.low = Math.min(one.low, numberOf(told, tap.low));
        one.high = Math.max(one.high, numberOf(told, tap.high));
        one.beyond += numberOf(told, tap.beyond);
        one.signal += numberOf(told, tap.signal);
        one.cut += numberOf(told, tap.cut);
        one.batches++;
      }
      if (around.isUp(SHARES.ranges)) {
        const batches = seen[0]!.batches;
        around.note(`time allowed ${batches} batch${batches === 1 ? '' : 'es'} of the data`);
        break;
      }
    }
  } finally {
    if (runner.alive) await session.close();
  }
  const rows = ranges.map((range, at) => ({ range, seen: seen[at]!, ...measuresOf(range, seen[at]!) }));
  const clipped = rows.filter(
    ({ beyond, clipDb }) => clipDb < (beyond > MOST_BEYOND ? LEAST_DB_OF_MANY : LEAST_CLIP_DB),
  );
  const behind = reached(
    clipped.map(({ range }) => range.quantize),
    subject,
  );
  return [...clipping(clipped, behind, subject), ...wasting(rows, behind, subject)];
}

/** Nodes that read, directly or not, what these give. */
function reached(from: readonly Node[], { index }: Subject): ReadonlySet<Node> {
  const found = new Set<Node>();
  const open = [...from];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const reader of node.outputs.flatMap((value) => index.consumers(value))) {
      if (found.has(reader)) continue;
      found.add(reader);
      open.push(reader);
    }
  }
  return found;
}

function rangeOf(quantize: Node, { index, inference }: Subject): Range | undefined {
  if (!hasTrait(quantize, 'quantizes')) return undefined;
  const value = quantize.inputs[0] ?? '';
  if (constantOf(index, value) !== undefined || inference.values.get(value)?.dtype !== 'float32') return undefined;
  const [scale, zero] = [1, 2].map((at) => constantOf(index, quantize.inputs[at] ?? ''));
  if (scale === undefined || tensorValues(scale).length !== 1) return undefined;
  const dtype = zero?.dtype ?? 'uint8';
  if (dtype !== 'uint8' && dtype !== 'int8') return undefined;
  const step = Number(tensorValues(scale)[0]);
  const point = zero === undefined ? 0 : Number(tensorValues(zero)[0]);
  const [least, most] = dtype === 'uint8' ? [0, 255] : [-128, 127];
  const top = (most - point) * step;
  const fromZero = point === least;
  return {
    quantize,
    step,
    codes: most - least + 1,
    value,
    // What a Relu or Relu6 would cut is not counted as lost.
    from: fromZero ? -3e38 : (least - point - 0.5) * step,
    to: fromZero && Math.abs(top - 6) < 1e-3 ? 3e38 : top + 0.5 * step,
  };
}

function measuresOf({ from, to, step, codes }: Range, { low, high, beyond, batches, signal, cut }: Seen) {
  const bottom = from < -1e38 ? 0 : from;
  const width = Math.min(high, to) - Math.max(low, bottom);
  return {
    used: Math.min(1, Math.max(0, width / step + 1) / codes),
    beyond: batches === 0 ? 0 : beyond / batches,
    clipDb: sqnrDb({ reference: signal, difference: cut }),
  };
}

type Row = ReturnType<typeof measuresOf> & { readonly range: Range; readonly seen: Seen };

function clipping(found: readonly Row[], behind: ReadonlySet<Node>, subject: Subject): readonly Finding[] {
  if (found.length === 0) return [];
  return [
    {
      code: 'range-clips',
      severity: 'warning',
      text: `${counted(found.length, 'range')} ${found.length === 1 ? 'is' : 'are'} too narrow for the data: values beyond ${found.length === 1 ? 'it' : 'them'} are cut off. ${fixable(found, subject) ? 'Those behind one that clips are looked at again once it is mended.' : 'Calibrate again, on data like these.'}`,
      evidence: [{ label: 'ranges', value: found.length, unit: '' }],
      layers: found
        .toSorted((a, b) => a.clipDb - b.clipDb)
        .map(({ range, beyond, clipDb }) =>
          layer(makerOf(range, subject), null, [
            { label: 'values beyond', value: beyond, unit: 'share' },
            { label: 'by clipping alone', value: Math.min(clipDb, 300), unit: 'dB' },
          ]),
        ),
      measured: true,
      fix: rangeFix(found, behind, subject),
    },
  ];
}

function wasting(rows: readonly Row[], behind: ReadonlySet<Node>, subject: Subject): readonly Finding[] {
  const found = rows.filter(({ used }) => used > 0 && used < LEAST_USED);
  if (found.length === 0) return [];
  return [
    {
      code: 'range-wastes',
      severity: 'hint',
      text: `${counted(found.length, 'range')} ${found.length === 1 ? 'is' : 'are'} much wider than the data: less than a quarter of the codes is used, two bits and more of eight are lost.`,
      evidence: [{ label: 'ranges', value: found.length, unit: '' }],
      layers: found
        .toSorted((a, b) => a.used - b.used)
        .map(({ range, used }) =>
          layer(makerOf(range, subject), null, [
            { label: 'codes used', value: used, unit: 'share' },
            { label: 'bits lost', value: -Math.log2(used), unit: 'bits' },
          ]),
        ),
      measured: true,
      fix: rangeFix(found, behind, subject),
    },
  ];
}

/** Whether the recipe that made the model can be given these ranges. */
function fixable(rows: readonly Row[], { origin }: Subject): boolean {
  return origin.quantizes && rows.length <= MOST_GIVEN;
}

/**
 * The ranges as these data have them, given in the recipe; null: another recipe, or another tool, quantized the model. Behind a
 * range that clips the values are not what they will be: such ranges are left until it is mended.
 */
function rangeFix(rows: readonly Row[], behind: ReadonlySet<Node>, subject: Subject): Fix | null {
  if (!fixable(rows, subject)) return null;
  const told = rows.filter(({ range }) => !behind.has(range.quantize));
  const ranges = Object.fromEntries(
    told.flatMap(({ range, seen: { low, high } }) => {
      // Behind a Relu what is below zero is cut on purpose.
      const least = range.from < -1e38 ? 0 : Math.min(low, 0);
      const greatest = Math.max(high, 0);
      return least < greatest ? [[tensorOf(range, subject), [Math.fround(least), Math.fround(greatest)]] as const] : [];
    }),
  );
  if (Object.keys(ranges).length === 0) return null;
  const title = `Give ${counted(Object.keys(ranges).length, 'range')} as these data have ${told.length === 1 ? 'it' : 'them'}`;
  return { title, edits: [{ change: { kind: 'quantize', settings: { ranges } } }], evidence: [] };
}

/** The tensor of the model before quantization whose range this is. */
function tensorOf({ value, quantize }: Range, { index }: Subject): string {
  const [dequantize] = index.consumers(quantize.outputs[0] ?? '').filter((node) => hasTrait(node, 'dequantizes'));
  return tensorOfPair(value, dequantize?.outputs[0] ?? value);
}

/** The layer whose values a range holds; of an input of the model, the conversion itself. */
function makerOf({ value, quantize }: Range, { index }: Subject): string {
  return index.producer(value)?.name ?? quantize.name;
}
