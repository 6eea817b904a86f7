import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import { runSettingsSchema } from '../../contract/machine.ts';
import { needsCalibration } from '../../contract/recipe/kinds.ts';
import { pruneKind } from '../../contract/recipe/prune.ts';
import { repairKind } from '../../contract/recipe/repair.ts';
import { quantizeKind } from '../../contract/recipe/quantize.ts';
import { recipeSchema, type Recipe } from '../../contract/recipe/recipe.ts';
import { equalizeKind } from '../../contract/recipe/equalize.ts';
import type { StepField, StepKind } from '../../contract/recipe/step-kind.ts';
import { StudioError } from '../../base/errors.ts';
import type { EqualizeResult, PruneResult, QuantizeResult, RepairResult } from '../../contract/results.ts';
import type { AppliedRecipe, DatasetSource } from '../../services/operations/operation-map.ts';
import { distillLines } from '../distill-lines.ts';
import { CALIBRATION_SET_HELP, calibrationSource } from '../calibration-source.ts';
import { addCommonOptions, addDataOptions, addSplitOptions, type DataOptions, type SplitOptions } from '../options.ts';
import { addStepOptions, stepSettings } from '../step-options.ts';
import { namedTeacher } from '../teacher.ts';
import { runCommand, type CommandContext, type CommonOptions } from '../run-command.ts';
import { describeData } from '../../judge/circumstances.ts';
import { formatBytes, formatCompact, formatPercent } from '../../judge/format.ts';

export interface OutputOptions extends CommonOptions {
  readonly output: string;
}

type Finish = (code: number) => void;

/** `prune`, `quantize` and `apply`: the commands that turn a model into another by a recipe. */
export function addTransformCommands(program: Command, finish: Finish): void {
  addPruneCommand(program, finish);
  addQuantizeCommand(program, finish);
  addApplyCommand(program, finish);
}

function addPruneCommand(program: Command, finish: Finish): void {
  const command = program
    .command('prune <model>')
    .description('set weights to zero, or take out whole channels')
    .requiredOption('-o, --output <file>', 'where the pruned model goes');
  addStepOptions(command, pruneKind).addOption(repairOption());
  const data = 'calibration data, for scores that need some and for --repair';
  addSplitOptions(addDataOptions(addCommonOptions(command), data), CALIBRATION_SET_HELP).action(
    async (model: string, options: OutputOptions & DataOptions & SplitOptions & { readonly repair?: string }) => {
      finish(
        await runCommand(options, async (context) => {
          const { repair: method, output } = options;
          const steps = [stepOf(pruneKind, options), ...(method === undefined ? [] : [{ repair: { method } }])];
          const calibration = calibrationSource(options);
          const applied = await applyAndSay(context, { model, recipe: recipeOf(steps), calibration, output });
          const repair = applied.outcomes.find((outcome) => outcome.repair)?.repair;
          return repair ? { ...applied.prune, repair } : applied.prune;
        }),
      );
    },
  );
}

function addQuantizeCommand(program: Command, finish: Finish): void {
  const command = program
    .command('quantize <model>')
    .description('compute in 8-bit integers')
    .requiredOption('-o, --output <file>', 'where the quantized model goes');
  addStepOptions(command, quantizeKind).addOption(equalizeOption());
  addSplitOptions(addDataOptions(addCommonOptions(command), 'calibration data'), CALIBRATION_SET_HELP).action(
    async (model: string, options: OutputOptions & DataOptions & SplitOptions & { readonly equalize?: string }) => {
      finish(
        await runCommand(options, async (context) => {
          const { equalize: method } = options;
          const equalize = method === undefined ? [] : [{ equalize: { method } }];
          const recipe = recipeOf([...equalize, stepOf(quantizeKind, options)]);
          const calibration = calibrationSource(options);
          const applied = await applyAndSay(context, { model, recipe, calibration, output: options.output });
          return applied.quantize;
        }),
      );
    },
  );
}

/** A step with the settings that the command's options say. */
export function stepOf(kind: Pick<StepKind<unknown>, 'kind' | 'fields'>, options: object): object {
  return { [kind.kind]: stepSettings(kind, { ...options }) };
}

export function recipeOf(steps: readonly object[]): Recipe {
  return parseRecipe({ version: 2, steps });
}

/** Repair as a step after pruning, with the defaults of a recipe. */
function repairOption(): Option {
  return methodOption('--repair', repairKind, 'then fit what stays to the model before, without training');
}

/** Equalization as a step before quantization, with the defaults of a recipe. */
function equalizeOption(): Option {
  return methodOption('--equalize', equalizeKind, 'first even out ranges between layers, or from data to weights');
}

function methodOption(
  flag: string,
  { fields, initial }: { readonly fields: readonly StepField[]; readonly initial: { readonly method: string } },
  help: string,
): Option {
  const methods = fields.flatMap((field) =>
    field.key === 'method' && field.control === 'choice' ? field.choices.map(({ value }) => String(value)) : [],
  );
  return new Option(`${flag} [method]`, `${help}; alone: ${initial.method}`).choices(methods).preset(initial.method);
}

function addApplyCommand(program: Command, finish: Finish): void {
  const command = program
    .command('apply <model>')
    .description('make a model by a recipe, bit for bit as the studio made it')
    .requiredOption('-o, --output <file>', 'where the new model goes')
    .requiredOption('--recipe <file>', 'the recipe, as the studio exports it')
    .option('--teacher <file>', 'the model that a distill step learns from, where the recipe names another one');
  addSplitOptions(addDataOptions(addCommonOptions(command), 'calibration data'), CALIBRATION_SET_HELP).action(
    async (
      model: string,
      options: OutputOptions & DataOptions & SplitOptions & { recipe: string; teacher?: string },
    ) => {
      finish(
        await runCommand(options, async (context) => {
          const recipe = await readRecipe(options.recipe);
          const { output, teacher } = options;
          const named = teacher === undefined ? undefined : await namedTeacher(teacher, context);
          const models = named === undefined ? {} : { [named.sha256]: named.path };
          return applyAndSay(context, { model, recipe, calibration: calibrationSource(options), output, models });
        }),
      );
    },
  );
}

interface Application {
  readonly model: string;
  readonly recipe: Recipe;
  readonly calibration: DatasetSource | null;
  readonly output: string;
  /** Files of the models that steps name. */
  readonly models?: Readonly<Record<string, string>>;
}

/**
 * Makes a model by a recipe and says what was done. A training that is stopped leaves what it needs to go on beside the output.
 * @throws USAGE where calibration data is missing; what `apply` throws
 */
export async function applyAndSay(
  context: CommandContext,
  { model, recipe, calibration, output, models = {} }: Application,
): Promise<AppliedRecipe> {
  if (calibration === null && needsCalibration(recipe)) {
    throw new StudioError('USAGE', '--data is missing: a step needs calibration data', {
      hint: 'Name a file or a folder of typical inputs.',
    });
  }
  const settings = runSettingsSchema.parse({});
  const checkpoint = `${output}.training`;
  const request = { path: model, recipe, calibration, settings, output, models, checkpoint };
  const applied = await context.operate('apply', request);
  context.say(summary(output, applied));
  return applied;
}

function summary(output: string, applied: AppliedRecipe): string {
  const { prune, quantize } = applied;
  const counted = prune === null ? 'parameters' : 'non-zero parameters';
  const lines = [`${output}: ${formatBytes(applied.bytes)}, ${formatCompact(applied.parameters)} ${counted}`];
  if (prune !== null) {
    lines.push(
      prunedLine(prune),
      ...(prune.packed === undefined
        ? []
        : [`  packed      ${formatBytes(prune.packed.before)} → ${formatBytes(prune.packed.after)} (zstd)`]),
      ...prune.notes.map((note) => `  note        ${note}`),
    );
  }
  if (applied.calibration !== null) lines.push(`  calibrated  ${describeData(applied.calibration)}`);
  for (const { repair, equalize, distill } of applied.outcomes) {
    if (repair) lines.push(...repairLines(repair));
    if (equalize) lines.push(...equalizeLines(equalize));
    if (distill) lines.push(...distillLines(distill));
  }
  if (quantize !== null) {
    const done = quantize.layers.filter((layer) => layer.quantized).length;
    const fused =
      quantize.fusedShare === null
        ? ''
        : `, ${formatPercent(quantize.fusedShare)} of them run ${quantize.scheme === 'float16' ? 'in half precision' : 'as integer kernels'} here`;
    lines.push(
      `  quantized   ${done} of ${quantize.layers.length} layers${fused}`,
      ...weightLines(quantize),
      ...quantize.notes.map((note) => `  note        ${note}`),
    );
  }
  return lines.join('\n');
}

/** How many layers are told of that lose most. */
const LEAST_EXACT = 3;

/** The layers whose weights alone became codes, those that lose most first. */
function weightLines({ layers }: QuantizeResult): readonly string[] {
  const coded = layers.flatMap(({ name, weights }) => (weights === undefined ? [] : [{ name, ...weights }]));
  if (coded.length === 0) return [];
  const lossOf = ({ sqnrDb, outputSqnrDb }: (typeof coded)[number]): number => outputSqnrDb ?? sqnrDb;
  const worst = coded.toSorted((a, b) => lossOf(a) - lossOf(b)).slice(0, LEAST_EXACT);
  return worst.map(({ name, bits, sqnrDb, outputSqnrDb, bytes }) => {
    const output = outputSqnrDb === null ? '' : `, output ${outputSqnrDb.toFixed(1)} dB`;
    return `  least exact ${name}: ${bits} bits, weights ${sqnrDb.toFixed(1)} dB${output}, ${formatBytes(bytes.before)} → ${formatBytes(bytes.after)}`;
  });
}

function prunedLine({ sparsity, macs, parameters, layers }: PruneResult): string {
  const work = `${formatCompact(macs.before)} → ${formatCompact(macs.after)}`;
  const cut = layers.filter(({ channels }) => channels !== null && channels.after < channels.before).length;
  if (layers.every(({ channels }) => channels === null)) {
    return `  pruned      ${formatPercent(sparsity.achieved)} of the weights are zero, effective MACs ${work}`;
  }
  const weights = `${formatCompact(parameters.before)} → ${formatCompact(parameters.after)}`;
  const what = layers.every(({ channels }) => channels?.after === 0)
    ? `${cut} layers with weights`
    : `${cut} layers made thinner`;
  return `  pruned      ${what}: MACs ${work}, parameters ${weights}`;
}

function repairLines({ layers, gain, notes }: RepairResult): readonly string[] {
  const told = notes.map((note) => `  note        ${note}`);
  if (gain === null) return told;
  const { before, after, samples } = gain;
  const agreement =
    before.agreement === null || after.agreement === null
      ? ''
      : `, agreement ${formatPercent(before.agreement)} → ${formatPercent(after.agreement)}`;
  const db = `${before.sqnrDb.toFixed(1)} → ${after.sqnrDb.toFixed(1)} dB`;
  return [`  repaired    ${layers.length} layers; output ${db}${agreement} on ${samples} calibration samples`, ...told];
}

function equalizeLines({ groups, notes }: EqualizeResult): readonly string[] {
  const channels = groups.reduce((sum, group) => sum + group.channels, 0);
  const widest = (of: 'before' | 'after'): string =>
    Math.max(1, ...groups.map(({ spread }) => spread[of])).toPrecision(3);
  const done = `${channels} channels in ${groups.length} places; widest range over the middle one at most`;
  return [
    ...(groups.length === 0 ? [] : [`  equalized   ${done} ${widest('before')} → ${widest('after')}`]),
    ...notes.map((note) => `  note        ${note}`),
  ];
}

function parseRecipe(value: unknown): Recipe {
  const parsed = recipeSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new StudioError('RECIPE_INVALID', `The recipe is not valid: ${z.prettifyError(parsed.error)}`, {
    hint: 'See docs/recipe.md for the format.',
  });
}

/** The recipe in a file. @throws FILE_NOT_FOUND, FILE_UNREADABLE, RECIPE_INVALID */
export async function readRecipe(path: string): Promise<Recipe> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new StudioError(
      cause.code === 'ENOENT' ? 'FILE_NOT_FOUND' : 'FILE_UNREADABLE',
      `The recipe '${path}' cannot be read: ${cause.code ?? cause.message}`,
      { cause },
    );
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new StudioError('RECIPE_INVALID', `'${path}' is not JSON`, { hint: 'Export the recipe again.', cause });
  }
  return parseRecipe(value);
}
