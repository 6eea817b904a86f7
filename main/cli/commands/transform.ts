import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import { runSettingsSchema } from '../../contract/machine.ts';
import { recipeSchema, type Recipe, type RecipeStep } from '../../contract/recipe.ts';
import { StudioError } from '../../base/errors.ts';
import type { AppliedRecipe, DatasetSource } from '../../services/operations/operation-map.ts';
import { CALIBRATION_SET_HELP, calibrationSource } from '../calibration-source.ts';
import {
  addCommonOptions,
  addDataOptions,
  addSplitOptions,
  collectNames,
  numberBetween,
  wholeNumber,
  type DataOptions,
  type SplitOptions,
} from '../options.ts';
import { runCommand, type CommandContext, type CommonOptions } from '../run-command.ts';
import { describeData } from '../../judge/circumstances.ts';
import { formatBytes, formatCompact, formatPercent } from '../../judge/format.ts';

interface OutputOptions extends CommonOptions {
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
  interface Options extends OutputOptions {
    readonly structure: string;
    readonly sparsity: number;
    readonly score: string;
    readonly scope: string;
    readonly exclude: string[];
  }
  const command = program
    .command('prune <model>')
    .description('set the smallest weights to zero')
    .requiredOption('-o, --output <file>', 'where the pruned model goes')
    .requiredOption('--sparsity <share>', 'share of the weights to set to zero, 0…1', numberBetween(0, 1))
    .addOption(new Option('--structure <kind>', 'what is removed').choices(['element']).default('element'))
    .addOption(new Option('--score <score>', 'what makes a weight small').choices(['l1', 'l2']).default('l1'))
    .addOption(
      new Option('--scope <scope>', 'one threshold for all layers, or one in each')
        .choices(['global', 'layer'])
        .default('global'),
    )
    .option('--exclude <layer>', 'a layer to leave alone; may be repeated', collectNames, []);
  addCommonOptions(command).action(async (model: string, options: Options) => {
    const { structure, score, scope, sparsity, exclude } = options;
    finish(
      await runCommand(options, async (context) => {
        const recipe = parseRecipe({ version: 1, steps: [{ prune: { structure, score, scope, sparsity, exclude } }] });
        const applied = await apply(context, { model, recipe, calibration: null, output: options.output });
        return applied.prune;
      }),
    );
  });
}

function addQuantizeCommand(program: Command, finish: Finish): void {
  interface Options extends OutputOptions, DataOptions, SplitOptions {
    readonly scheme: string;
    readonly calibrator: string;
    readonly perTensor?: boolean;
    readonly reduceRange: string;
    readonly samples: number;
    readonly exclude: string[];
  }
  const command = program
    .command('quantize <model>')
    .description('compute in 8-bit integers')
    .requiredOption('-o, --output <file>', 'where the quantized model goes')
    .addOption(new Option('--scheme <scheme>', 'quantization scheme').choices(['int8-static']).default('int8-static'))
    .addOption(new Option('--calibrator <name>', 'how ranges are found').choices(['minmax']).default('minmax'))
    .option('--per-tensor', 'one scale for a whole weight tensor instead of one for each channel')
    .addOption(
      new Option('--reduce-range <mode>', 'weights in 7 bits, which CPUs without VNNI need to be exact')
        .choices(['auto', 'on', 'off'])
        .default('auto'),
    )
    .option('--samples <n>', 'calibration samples', wholeNumber(1), 200)
    .option('--exclude <layer>', 'a layer to leave in float; may be repeated', collectNames, []);
  addSplitOptions(addDataOptions(addCommonOptions(command), 'calibration data'), CALIBRATION_SET_HELP).action(
    async (model: string, options: Options) => {
      const { scheme, calibrator, samples, exclude } = options;
      const reduceRange = options.reduceRange === 'auto' ? 'auto' : options.reduceRange === 'on';
      const perChannel = options.perTensor !== true;
      finish(
        await runCommand(options, async (context) => {
          const quantize = { scheme, calibrator, samples, exclude, perChannel, reduceRange };
          const recipe = parseRecipe({ version: 1, steps: [{ quantize }] });
          const applied = await apply(context, {
            model,
            recipe,
            calibration: calibrationSource(options),
            output: options.output,
          });
          return applied.quantize;
        }),
      );
    },
  );
}

function addApplyCommand(program: Command, finish: Finish): void {
  const command = program
    .command('apply <model>')
    .description('make a model by a recipe, bit for bit as the studio made it')
    .requiredOption('-o, --output <file>', 'where the new model goes')
    .requiredOption('--recipe <file>', 'the recipe, as the studio exports it');
  addSplitOptions(addDataOptions(addCommonOptions(command), 'calibration data'), CALIBRATION_SET_HELP).action(
    async (model: string, options: OutputOptions & DataOptions & SplitOptions & { recipe: string }) => {
      finish(
        await runCommand(options, async (context) => {
          const recipe = await readRecipe(options.recipe);
          return apply(context, { model, recipe, calibration: calibrationSource(options), output: options.output });
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
}

async function apply(
  context: CommandContext,
  { model, recipe, calibration, output }: Application,
): Promise<AppliedRecipe> {
  if (calibration === null && recipe.steps.some((step: RecipeStep) => 'quantize' in step)) {
    throw new StudioError('USAGE', '--data is missing: static quantization needs calibration data', {
      hint: 'Name a file or a folder of typical inputs.',
    });
  }
  const settings = runSettingsSchema.parse({});
  const applied = await context.operate('apply', { path: model, recipe, calibration, settings, output });
  context.say(summary(output, applied));
  return applied;
}

function summary(output: string, applied: AppliedRecipe): string {
  const { prune, quantize } = applied;
  const lines = [`${output}: ${formatBytes(applied.bytes)}, ${formatCompact(applied.parameters)} non-zero parameters`];
  if (prune !== null) {
    lines.push(
      `  pruned      ${formatPercent(prune.sparsity.achieved)} of the weights are zero, effective MACs ${formatCompact(prune.macs.before)} → ${formatCompact(prune.macs.after)}`,
      ...prune.notes.map((note) => `  note        ${note}`),
    );
  }
  if (applied.calibration !== null) lines.push(`  calibrated  ${describeData(applied.calibration)}`);
  if (quantize !== null) {
    const done = quantize.layers.filter((layer) => layer.quantized).length;
    const fused =
      quantize.fusedShare === null ? '' : `, ${formatPercent(quantize.fusedShare)} of them run as integer kernels here`;
    lines.push(
      `  quantized   ${done} of ${quantize.layers.length} layers${fused}`,
      ...quantize.notes.map((note) => `  note        ${note}`),
    );
  }
  return lines.join('\n');
}

function parseRecipe(value: unknown): Recipe {
  const parsed = recipeSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new StudioError('RECIPE_INVALID', `The recipe is not valid: ${z.prettifyError(parsed.error)}`, {
    hint: 'See docs/recipe.md for the format.',
  });
}

async function readRecipe(path: string): Promise<Recipe> {
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
