import { StudioError, throwIfCancelled } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import { SEVERITIES, type DoctorReport, type Finding } from '../../contract/doctor.ts';
import type { FeedBatches } from '../dataset/feed-batches.ts';
import { firstSamples } from '../dataset/finite-samples.ts';
import type { Model, Node } from '../graph/ir.ts';
import { hasTrait } from '../operators/ask.ts';
import { runOnMadeInputs } from '../runtime/run-made.ts';
import { sourceOfModel } from '../runtime/model-source.ts';
import type { Runner } from '../runtime/runner.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { executedModel, fusionOf } from '../quantize/check-fusion.ts';
import { QUICK_CHECKS } from './look/look.ts';
import { readsCodes } from './look/rules.ts';
import { quantizedUnasked, staysFloat } from './look/stays-float.ts';
import { timeHalf } from './measure/half-times.ts';
import { differingKernels } from './measure/kernels.ts';
import { lostLayers } from './measure/losses.ts';
import { timePacked } from './measure/packed-times.ts';
import { rangesOnData } from './measure/ranges.ts';
import { openSizes } from './measure/shapes.ts';
import type { Surroundings } from './measure/surroundings.ts';
import { slowerLayers } from './measure/times.ts';
import { subjectOf, type Origin, type Subject } from './subject.ts';

export interface Examination {
  readonly model: Model;
  readonly origin: Origin;
  /** The float model that it was made of; undefined: not known, or it is none. */
  readonly reference?: Model | undefined;
  /** Typical inputs, from the start at each call; undefined: inputs are made. */
  readonly batches?: (() => FeedBatches) | undefined;
  /** What these are, in words. */
  readonly inputs?: string | undefined;
  readonly machine: { readonly cpu: string; readonly arch: string; readonly vnni: boolean | null };
  /** Where measured checks run; undefined: only what follows from the file. */
  readonly runner?: Runner | undefined;
  /** After so long no other measured check begins, and those that repeat themselves end; default: no limit. */
  readonly seconds?: number | undefined;
}

type Check = DoctorReport['checks'][number];

/** Samples that kernels are run on; more cost memory and tell nothing new. */
const FEW_SAMPLES = 2;

/**
 * Examines a model: what follows from the file first, then what running it shows. A check that cannot be done is said to have
 * been left out or to have failed, and the others go on. The model is not changed.
 * @throws RUNTIME_DIED, CANCELLED
 */
export async function examine(examination: Examination, context: TaskContext): Promise<DoctorReport> {
  const { machine, runner } = examination;
  const subject = subjectOf(examination.model, examination.origin, { vnni: machine.vnni, cpu: machine.arch });
  const work = new Work(context, QUICK_CHECKS.length + (runner === undefined ? 1 : MEASURED));
  for (const { id, title, look } of QUICK_CHECKS) await work.check(id, title, async () => look(subject));
  const base = { inputs: null, madeInputs: false, integerLayers: null, cpu: machine.cpu, vnni: machine.vnni };
  if (runner === undefined) {
    await work.check('fusion', 'Layers beside codes run in integers', async () => staysFloat(subject, undefined));
    return { ...base, ...work.result(subject) };
  }
  const around = await surroundings(examination, subject, { runner, context, work }).catch((error: unknown) => {
    // Data of another model are no fault of this one: whoever chose them decides.
    if (!isRefusal(error) || error.code === 'DATA_SHAPE') throw error;
    work.skip('run', 'Runs here', error.message);
    return undefined;
  });
  if (around === undefined) return { ...base, ...work.result(subject) };
  work.limit(() => (around.isUp(1) ? `the ${examination.seconds} s of this examination were up; allow more` : null));
  const integerLayers = await measured(subject, around, work);
  const inputs = around.made ? 'made inputs' : (examination.inputs ?? 'the data given');
  return { ...base, ...work.result(subject), inputs, madeInputs: around.made, integerLayers };
}

const MEASURED = 7;

async function measured(subject: Subject, around: Surroundings, work: Work): Promise<DoctorReport['integerLayers']> {
  const { runner, context } = around;
  let integerLayers: DoctorReport['integerLayers'] = null;
  await work.replace('packed-slow', (findings) => timePacked(findings, subject, around));
  await work.replace('half-no-speed', (findings) => timeHalf(findings, subject, around));
  await work.check('open-sizes', 'Open sizes do not block fusion', () => openSizes(subject, around));
  if (!subject.quantized) {
    for (const [id, title] of ON_QUANTIZED) work.skip(id, title, 'the model is not quantized');
    return null;
  }
  let executed: Model | undefined;
  await work.check('fusion', 'Layers beside codes run in integers', async () => {
    executed = await executedModel(subject.model, runner, context);
    const fused = fusionOf(subject.model, executed);
    integerLayers = countFused(subject, fused);
    return [...staysFloat(subject, fused), ...quantizedUnasked(subject, fused)];
  });
  const run = executed;
  if (run === undefined)
    work.skip('kernels', ON_QUANTIZED.get('kernels')!, 'the runtime did not write what it executes');
  else await work.check('kernels', ON_QUANTIZED.get('kernels')!, () => differingKernels(subject, run, around));
  if (around.made)
    for (const id of ['ranges', 'losses'])
      work.skip(id, ON_QUANTIZED.get(id)!, 'it takes typical data; inputs were made');
  else {
    await work.check('ranges', ON_QUANTIZED.get('ranges')!, () => rangesOnData(subject, around));
    await work.check('losses', ON_QUANTIZED.get('losses')!, () => lostLayers(subject, around));
  }
  await work.check('times', ON_QUANTIZED.get('times')!, () => slowerLayers(subject, around));
  return integerLayers;
}

/** Checks that only quantized models take, by id. */
const ON_QUANTIZED: ReadonlyMap<string, string> = new Map([
  ['fusion', 'Layers beside codes run in integers'],
  ['kernels', 'Integer kernels compute what they stand for'],
  ['ranges', 'Ranges fit the data'],
  ['losses', 'Outputs are close to the float model’s'],
  ['times', 'Integers are faster than floats'],
]);

function countFused(subject: Subject, fused: ReadonlyMap<string, boolean>): DoctorReport['integerLayers'] {
  const isKernel = (node: Node): boolean => hasTrait(node, 'integerKernel') && node.inputs.length > 1;
  const beside = subject.index.graph.nodes.filter(
    (node) => readsCodes(node, subject) || fused.has(node.name) || isKernel(node),
  );
  return { fused: beside.filter((node) => isKernel(node) || fused.get(node.name) === true).length, of: beside.length };
}

/** Runs checks one after the other, and keeps what they find. */
class Work {
  readonly #context: TaskContext;
  readonly #total: number;
  readonly #checks: Check[] = [];
  #findings: Finding[] = [];
  #said: string | null = null;
  #over: () => string | null = () => null;

  constructor(context: TaskContext, total: number) {
    this.#context = context;
    this.#total = total;
  }

  async check(id: string, title: string, run: () => Promise<readonly Finding[]>): Promise<void> {
    throwIfCancelled(this.#context.signal, 'The examination');
    const over = this.#over();
    if (over !== null) return this.skip(id, title, over);
    this.#said = null;
    this.#context.progress({ stage: title, done: this.#checks.length, total: this.#total });
    try {
      this.#findings.push(...(await run()));
      this.#checks.push({ id, title, status: 'done', note: this.#said });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#checks.push({ id, title, status: 'failed', note: error.message });
    }
  }

  /** Measures for findings that are there already. */
  async replace(
    code: Finding['code'],
    run: (findings: readonly Finding[]) => Promise<readonly Finding[]>,
  ): Promise<void> {
    const own = this.#findings.filter((finding) => finding.code === code);
    if (own.length === 0) return;
    const others = this.#findings.filter((finding) => finding.code !== code);
    this.#findings = [...others, ...(await run(own))];
  }

  /** No check begins once this says why. */
  limit(over: () => string | null): void {
    this.#over = over;
  }

  /** How the check that is going on was cut short. */
  say(note: string): void {
    this.#said = note;
  }

  skip(id: string, title: string, note: string): void {
    this.#checks.push({ id, title, status: 'skipped', note });
  }

  /** Layers are called as the opened model calls them. */
  result({ origin }: Subject): Pick<DoctorReport, 'findings' | 'checks'> {
    const rank = ({ severity }: Finding): number => SEVERITIES.indexOf(severity);
    const findings = this.#findings
      .toSorted((a, b) => rank(a) - rank(b))
      .map((finding) => ({
        ...finding,
        layers: finding.layers.map((layer) => ({ ...layer, name: origin.sources.get(layer.name)?.[0] ?? layer.name })),
      }));
    return { findings, checks: this.#checks };
  }
}

/** What the model or its data do not allow, rather than a runtime that died or a user who stopped. */
function isRefusal(error: unknown): error is StudioError {
  return (
    error instanceof StudioError && !['CANCELLED', 'RUNTIME_DIED', 'INTERNAL', 'WRITE_FAILED'].includes(error.code)
  );
}

async function surroundings(
  { batches, reference, seconds }: Examination,
  subject: Subject,
  { runner, context, work }: { readonly runner: Runner; readonly context: TaskContext; readonly work: Work },
): Promise<Surroundings> {
  const begun = performance.now();
  const given = batches === undefined ? undefined : await firstOf(batches());
  if (batches !== undefined && given === undefined) throw new StudioError('DATA_INVALID', 'The data hold no samples');
  const feeds = given === undefined ? await madeFeeds(subject, runner, context) : firstSamples(given, FEW_SAMPLES);
  return {
    runner,
    context,
    feeds,
    batches: batches ?? (() => oneBatch(feeds)),
    made: given === undefined,
    reference,
    isUp: (share) => seconds !== undefined && performance.now() - begun > share * seconds * 1000,
    note: (text) => work.say(text),
  };
}

async function madeFeeds({ model }: Subject, runner: Runner, { signal }: TaskContext): Promise<HostTensors> {
  const session = await runner.load(sourceOfModel(model), { provider: 'cpu', threads: null }, { signal });
  try {
    const { inputs } = await runOnMadeInputs(session, model, { batch: 1, dims: {} }, { signal });
    return inputs.feeds;
  } finally {
    if (runner.alive) await session.close();
  }
}

async function firstOf(batches: FeedBatches): Promise<HostTensors | undefined> {
  for await (const batch of batches) return batch;
  return undefined;
}

async function* oneBatch(feeds: HostTensors): FeedBatches {
  yield feeds;
}
