import { throwIfCancelled } from '../../../base/errors.ts';
import type { Evidence, Finding } from '../../../contract/doctor.ts';
import { sqnrDb } from '../../../judge/signal-error.ts';
import type { Model, Node, Tensor } from '../../graph/ir.ts';
import { tensorValues } from '../../graph/tensor-data.ts';
import { hasTrait, isQdq, roleOf } from '../../operators/ask.ts';
import { constantOf } from '../../operators/constant-behind.ts';
import { indexGraph } from '../../graph/index-graph.ts';
import { compareOutputs, runOnce } from '../../passes/compare-outputs.ts';
import { withRunnable } from '../../runtime/runnable-model.ts';
import type { Session } from '../../runtime/session.ts';
import type { ModelSource } from '../../runtime/settings.ts';
import { floatLayers, writeOutKernels, type OriginalWeight } from '../../passes/float-layers.ts';
import { nameNodes } from '../../passes/name-nodes.ts';
import type { HostTensors } from '../../tensor/host-tensor.ts';
import { counted, floatFix, layer, type Subject } from '../subject.ts';
import { SHARES, type Surroundings } from './surroundings.ts';

/** Outputs at this distance from the float model's are usable; below it something is lost. */
const GOOD_DB = 20;
/** A fix aims higher: what is left out of a recipe is calibrated and fused anew. */
const AIM_DB = GOOD_DB + 1;
/** Models that are made and run in the search; each costs one load and one run. */
const MOST_TRIES = 48;

/** Layers that are quantized as one: a layer with weights, and those behind it up to the next. */
interface Unit {
  readonly layers: readonly string[];
}

/**
 * Where a quantized model loses its outputs. Noise of parts that are quantized alone adds up in good approximation, so the parts
 * that make most of it are found by halving: of the float model only a part is quantized, and the loudest part is divided next.
 * What it would take to bring the outputs to 20 dB is then tried as a whole. Parts are compared on a small batch; what is told
 * of the outputs, before and after, is measured on all samples given.
 * @returns nothing where the outputs are good
 * @throws RUNTIME_…, CANCELLED
 */
export async function lostLayers(subject: Subject, around: Surroundings): Promise<readonly Finding[]> {
  const written = writeOutKernels(subject.model, undefined).model;
  const original = around.reference === undefined ? undefined : weightsOf(around.reference);
  const trial = new Trials(written, around, original);
  const before = await trial.distanceOnAll(() => false);
  if (before >= GOOD_DB || !Number.isFinite(before)) return [];
  const all = unitsOf(written);
  if (all.length === 0) return [lossOfWeights(before)];
  const parts = await loudest(all, trial, around);
  const chosen: Part[] = [];
  let after = before;
  for (const part of parts.toSorted((a, b) => b.noise / b.units.length - a.noise / a.units.length)) {
    chosen.push(part);
    const left = parts.filter((one) => !chosen.includes(one)).reduce((sum, { noise }) => sum + noise, 0);
    if (-10 * Math.log10(Math.max(left, 1e-30)) < AIM_DB) continue;
    const floats = layersOf(chosen);
    after = await trial.distanceOnAll((name) => floats.has(name));
    if (after >= AIM_DB || around.isUp(SHARES.lossesTried)) break;
  }
  const floats = layersOf(chosen);
  if (after === before) after = await trial.distanceOnAll((name) => floats.has(name));
  return [findingOf({ before, after, chosen, all }, subject)];
}

interface Part {
  readonly units: readonly Unit[];
  /** Power of the noise that it makes alone, of the signal's. */
  readonly noise: number;
}

/** Halves the loudest part until the tries are used up or every part is one unit; in the order of the graph. */
async function loudest(
  all: readonly Unit[],
  trial: Trials,
  { context, isUp, note }: Surroundings,
): Promise<readonly Part[]> {
  const measure = async (units: readonly Unit[]): Promise<Part> => {
    const own = layersOf([{ units }]);
    return { units, noise: 10 ** (-(await trial.distance((name) => !own.has(name))) / 10) };
  };
  const parts: Part[] = [{ units: all, noise: 1 }];
  for (let tries = 0; tries < MOST_TRIES; tries += 2) {
    throwIfCancelled(context.signal, 'Looking for losses');
    if (isUp(SHARES.losses)) {
      note(`time allowed ${tries} of ${MOST_TRIES} parts; with more time less is left in float`);
      break;
    }
    context.progress({ stage: 'Looking for losses', done: tries, total: MOST_TRIES });
    const divisible = parts.filter(({ units }) => units.length > 1);
    if (divisible.length === 0) break;
    const worst = divisible.reduce((a, b) => (b.noise > a.noise ? b : a));
    const half = worst.units.length >> 1;
    const halves = [await measure(worst.units.slice(0, half)), await measure(worst.units.slice(half))];
    parts.splice(parts.indexOf(worst), 1, ...halves);
  }
  return parts;
}

function layersOf(parts: readonly Pick<Part, 'units'>[]): ReadonlySet<string> {
  return new Set(parts.flatMap(({ units }) => units.flatMap(({ layers }) => layers)));
}

/** The units of a graph in its order. */
function unitsOf({ graph }: Model): readonly Unit[] {
  const index = indexGraph(graph);
  const units: string[][] = [];
  for (const node of graph.nodes) {
    if (isQdq(node) || hasTrait(node, 'constant') || !touchesCodes(node, index)) continue;
    if (roleOf(node).kind === 'weighted' || units.length === 0) units.push([node.name]);
    else units.at(-1)!.push(node.name);
  }
  return units.map((layers) => ({ layers }));
}

function touchesCodes(node: Node, index: ReturnType<typeof indexGraph>): boolean {
  return (
    node.inputs.some((value) => hasTrait(index.producer(value), 'dequantizes')) ||
    node.outputs.some((value) => index.consumers(value).some((reader) => hasTrait(reader, 'quantizes')))
  );
}

/** Runs the model with some layers in float, and tells how far its outputs are from the float model's. */
class Trials {
  readonly #model: Model;
  readonly #around: Surroundings;
  readonly #original: OriginalWeight | undefined;
  #expected: HostTensors | undefined;

  constructor(model: Model, around: Surroundings, original: OriginalWeight | undefined) {
    this.#model = model;
    this.#around = around;
    this.#original = original;
  }

  /** dB of the worst output that holds floats, on a small batch. */
  async distance(isFloat: (layer: string) => boolean): Promise<number> {
    const { runner, context, feeds } = this.#around;
    const quiet = { signal: context.signal };
    this.#expected ??= await runOnce(this.#floatModel(), feeds, runner, quiet);
    const rows = compareOutputs(this.#expected, await runOnce(this.#with(isFloat), feeds, runner, quiet));
    const floatRows = rows.filter(({ expected }) => expected.dtype.startsWith('float'));
    return floatRows.reduce((least, { sqnrDb: db }) => Math.min(least, db), Infinity);
  }

  /** The same on all samples, each output's error summed up over them. */
  async distanceOnAll(isFloat: (layer: string) => boolean): Promise<number> {
    const { context, batches } = this.#around;
    const { signal } = context;
    const sums = new Map<string, { reference: number; difference: number }>();
    await this.#loaded(this.#floatModel(), (float) =>
      this.#loaded(this.#with(isFloat), async (session) => {
        for await (const feeds of batches()) {
          throwIfCancelled(signal, 'Looking for losses');
          const rows = compareOutputs(await float.run(feeds, { signal }), await session.run(feeds, { signal }));
          for (const row of rows) {
            if (!row.expected.dtype.startsWith('float')) continue;
            const sum = sums.get(row.name) ?? { reference: 0, difference: 0 };
            sum.reference += row.sums.reference;
            sum.difference += row.sums.difference;
            sums.set(row.name, sum);
          }
        }
      }),
    );
    return [...sums.values()].reduce((least, sum) => Math.min(least, sqnrDb(sum)), Infinity);
  }

  #floatModel(): Model {
    return this.#around.reference ?? floatLayers(this.#model, undefined, this.#original).model;
  }

  #with(isFloat: (layer: string) => boolean): Model {
    const floats = new Set(this.#model.graph.nodes.filter(({ name }) => isFloat(name)).map(({ name }) => name));
    return floats.size === 0 ? this.#model : floatLayers(this.#model, floats, this.#original).model;
  }

  async #loaded<T>(model: Model, work: (session: Session) => Promise<T>): Promise<T> {
    const { runner, context } = this.#around;
    const { signal } = context;
    const run = async (source: ModelSource): Promise<T> => {
      const session = await runner.load(source, { provider: 'cpu', threads: null }, { signal });
      try {
        return await work(session);
      } finally {
        if (runner.alive) await session.close();
      }
    };
    return withRunnable(model, run, { signal });
  }
}

/** Weights of the float model by layer and input, where they are what the codes were made of. */
function weightsOf(reference: Model): OriginalWeight {
  const { model } = nameNodes(reference);
  const index = indexGraph(model.graph);
  return (name, input, codes) => {
    const node = index.nodeByName(name);
    const tensor = node === undefined ? undefined : constantOf(index, node.inputs[input] ?? '');
    return tensor?.dtype === 'float32' && sameShape(tensor, codes) && looksLike(tensor, codes) ? tensor : undefined;
  };
}

function sameShape(a: Tensor, b: Tensor): boolean {
  return a.dims.length === b.dims.length && a.dims.every((size, axis) => size === b.dims[axis]);
}

/** Whether codes follow the weights in sign, as they do unless a normalization was folded in or axes moved. */
function looksLike(tensor: Tensor, codes: Tensor): boolean {
  if (!codes.dtype.startsWith('int')) return false;
  const [weights, integers] = [tensorValues(tensor), tensorValues(codes)];
  const step = Math.max(1, Math.floor(weights.length / 4096));
  let [same, counted] = [0, 0];
  for (let i = 0; i < weights.length; i += step) {
    const [weight, code] = [Number(weights[i]), Number(integers[i])];
    if (code === 0) continue;
    counted++;
    if (Math.sign(weight) === Math.sign(code)) same++;
  }
  return counted === 0 || same === counted;
}

interface Losses {
  readonly before: number;
  readonly after: number;
  readonly chosen: readonly Part[];
  readonly all: readonly Unit[];
}

/** Of a model in which no layer reads codes by itself: its weights are packed, and each layer loses by them. */
function lossOfWeights(before: number): Finding {
  return {
    code: 'layer-loses',
    severity: 'warning',
    text: `The outputs are ${before.toFixed(1)} dB from the float model’s, and no single layer is to blame: its weights are packed as codes. Smaller blocks, rounding that looks at data (GPTQ), or more bits bring it nearer.`,
    evidence: [{ label: 'outputs against float', value: before, unit: 'dB' }],
    layers: [],
    measured: true,
    fix: null,
  };
}

function findingOf({ before, after, chosen, all }: Losses, subject: Subject): Finding {
  const floats = [...layersOf(chosen)];
  const improves = after > before + 1;
  const without = improves ? 'Without them it is better, but not good' : 'Leaving them in float brings little';
  const reached = after >= GOOD_DB ? '' : ` ${without}: other ranges or more bits are needed.`;
  const asIs: Evidence = { label: 'outputs against float', value: before, unit: 'dB' };
  const mended: Evidence = {
    label: `with ${counted(chosen.flatMap(({ units }) => units).length, 'part')} of ${all.length} in float`,
    value: after,
    unit: 'dB',
  };
  return {
    code: 'layer-loses',
    severity: 'warning',
    text: `The outputs are ${before.toFixed(1)} dB from the float model’s; ${counted(floats.length, 'layer')} ${floats.length === 1 ? 'makes' : 'make'} most of that noise.${reached}`,
    evidence: improves ? [asIs] : [asIs, mended],
    layers: chosen.flatMap(({ units, noise }) =>
      units.flatMap(({ layers }) =>
        layers
          .slice(0, 1)
          .map((name) =>
            layer(name, null, [
              { label: 'noise it makes alone', value: -10 * Math.log10(Math.max(noise, 1e-30)), unit: 'dB' },
            ]),
          ),
      ),
    ),
    measured: true,
    fix: improves ? floatFix(subject, floats, [mended]) : null,
  };
}
