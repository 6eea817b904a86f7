import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import {
  DOCTOR_SECONDS,
  FINDINGS,
  SEVERITIES,
  type DoctorReport,
  type Finding,
  type Severity,
} from '../../contract/doctor.ts';
import { runSettingsSchema } from '../../contract/machine.ts';
import { EMPTY_RECIPE, type Recipe } from '../../contract/recipe/recipe.ts';
import { StudioError } from '../../base/errors.ts';
import { countFindings, formatEvidence, isAtLeast } from '../../judge/doctor.ts';
import { editRecipe } from '../../judge/recipe/edit.ts';
import type { OperationParams } from '../../services/operations/operation-map.ts';
import { CALIBRATION_SET_HELP, calibrationSource } from '../calibration-source.ts';
import { FOUND } from '../exit-codes.ts';
import {
  addCommonOptions,
  addDataOptions,
  addSplitOptions,
  duration,
  optionalData,
  wholeNumber,
  type DataOptions,
  type SplitOptions,
} from '../options.ts';
import { runCommand, type CommandContext, type CommonOptions } from '../run-command.ts';
import { applyAndSay, readRecipe } from './transform.ts';

interface Options extends CommonOptions, DataOptions, SplitOptions {
  readonly recipe?: string;
  readonly limit: number;
  readonly quick?: boolean;
  readonly time: number;
  readonly failOn?: Severity;
  readonly fix?: Severity;
  readonly output?: string;
  readonly top: number;
}

/** `lapidary doctor MODEL`: what makes it slow, wrong or large here, and what to do about it. */
export function addDoctorCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command('doctor <model>')
    .description('what makes a model slow, wrong or large on this machine, and what to do about it')
    .option('--recipe <file>', 'examine what this recipe makes of the model; fixes then change the recipe')
    .option('--limit <n>', 'samples that ranges are measured on', wholeNumber(1), 32)
    .option('--quick', 'only what follows from the file, without running it')
    .option('--time <duration>', 'after which no other check begins: 30s, 5m', duration, DOCTOR_SECONDS * 1000)
    .addOption(severityOption('--fail-on <severity>', `exit with code ${FOUND} where something this bad is found`))
    .addOption(severityOption('--fix [severity]', 'make a model with the fixes of what is this bad').preset('warning'))
    .option('-o, --output <file>', 'where the fixed model goes')
    .option('--top <n>', 'layers printed for each finding', wholeNumber(0), 5);
  const data = 'typical inputs; without, inputs are made';
  addSplitOptions(addDataOptions(addCommonOptions(command), data), CALIBRATION_SET_HELP).action(
    async (model: string, options: Options) => {
      let found = false;
      const code = await runCommand(options, async (context) => {
        requireOutputForFix(options);
        const given = options.recipe === undefined ? EMPTY_RECIPE : await readRecipe(options.recipe);
        const { report, recipe } = await examineWith(context, model, given, options);
        const { failOn } = options;
        found = failOn !== undefined && report.findings.some(({ severity }) => isAtLeast(severity, failOn));
        context.say(textOf(report, options.top));
        return { ...report, ...(await fixed(context, { model, recipe, report }, options)) };
      });
      finish(code === 0 && found ? FOUND : code);
    },
  );
}

function severityOption(flags: string, help: string): Option {
  return new Option(flags, help).choices(SEVERITIES);
}

function requireOutputForFix({ fix, output }: Options): void {
  if ((fix === undefined) === (output === undefined)) return;
  throw new StudioError('USAGE', fix === undefined ? '-o writes nothing without --fix' : '--fix needs -o <file>', {
    hint: 'Say both: --fix -o fixed.onnx.',
  });
}

/** Examines the model, or what the recipe makes of it in a folder that goes afterwards; with the recipe as it was found to be. */
async function examineWith(
  context: CommandContext,
  path: string,
  recipe: Recipe,
  options: Options,
): Promise<Pick<Examined, 'report' | 'recipe'>> {
  const data = optionalData(options);
  const how = { data, limit: options.limit, quick: options.quick === true, seconds: options.time / 1000 };
  if (recipe.steps.length === 0)
    return { recipe, report: await context.operate('doctor', { path, origin: null, ...how }) };
  const folder = await mkdtemp(join(tmpdir(), 'lapidary-doctor-'));
  try {
    const output = join(folder, 'model.onnx');
    const settings = runSettingsSchema.parse({});
    const calibration = calibrationSource(options);
    const { sources, recipe: resolved } = await context.operate('apply', {
      path,
      recipe,
      calibration,
      settings,
      output,
    });
    const origin: OperationParams<'doctor'>['origin'] = { path, recipe: resolved, sources };
    return { recipe: resolved, report: await context.operate('doctor', { path: output, origin, ...how }) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Examined {
  readonly model: string;
  readonly recipe: Recipe;
  readonly report: DoctorReport;
}

/** The recipe with the fixes; with --fix also the model that it makes. */
async function fixed(context: CommandContext, { model, recipe, report }: Examined, options: Options): Promise<object> {
  const least = options.fix ?? 'hint';
  const fixes = report.findings.flatMap(({ severity, fix }) =>
    fix !== null && isAtLeast(severity, least) ? [fix] : [],
  );
  if (fixes.length === 0) {
    if (options.fix !== undefined)
      context.say(`Nothing to fix of severity ${options.fix} or worse; nothing was written.`);
    return { recipe: null };
  }
  const edited = fixes.reduce((before, { edits }) => editRecipe(before, edits), recipe);
  if (options.fix === undefined || options.output === undefined) {
    context.say(`\nAll fixes as a recipe:\n${JSON.stringify(edited, null, 2)}`);
    return { recipe: edited };
  }
  const calibration = calibrationSource(options);
  const applied = await applyAndSay(context, { model, recipe: edited, calibration, output: options.output });
  return { recipe: applied.recipe, output: { path: options.output, bytes: applied.bytes } };
}

function textOf(report: DoctorReport, top: number): string {
  const { findings, checks, inputs, madeInputs, integerLayers, cpu } = report;
  const done = checks.filter(({ status }) => status === 'done').length;
  const told = checks.filter(({ status, note }) => status !== 'done' || note !== null);
  const on =
    inputs === null ? 'nothing was run' : madeInputs ? 'on made inputs (--data gives it typical ones)' : `on ${inputs}`;
  return [
    `${countFindings(findings)}; ${done} of ${checks.length} checks on ${cpu}, ${on}`,
    ...(integerLayers === null
      ? []
      : [`${integerLayers.fused} of ${integerLayers.of} layers beside codes run as integer kernels`]),
    ...findings.flatMap((finding) => ['', ...linesOf(finding, top)]),
    '',
    ...told.map(({ title, status, note }) => `${status}: ${title} (${note})`),
  ]
    .join('\n')
    .trimEnd();
}

function linesOf({ severity, code, text, evidence, layers, fix }: Finding, top: number): readonly string[] {
  const numbers = (list: Finding['evidence']): string =>
    list.map((one) => `${one.label} ${formatEvidence(one)}`).join(', ');
  const shown = layers.slice(0, top);
  return [
    `${severity}: ${FINDINGS[code]} [${code}]`,
    `  ${text}`,
    ...(evidence.length === 0 ? [] : [`  ${numbers(evidence)}`]),
    ...shown.map(({ name, note, evidence: own }) => `    ${[name, note, numbers(own)].filter(Boolean).join('  ')}`),
    ...(layers.length > shown.length ? [`    … and ${layers.length - shown.length} more layers`] : []),
    ...(fix === null
      ? []
      : [`  fix: ${fix.title}${fix.evidence.length === 0 ? '' : ` (tried: ${numbers(fix.evidence)})`}`]),
  ];
}
