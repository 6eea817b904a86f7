import type { Command } from 'commander';
import { distillKind } from '../../contract/recipe/distill.ts';
import { CALIBRATION_SET_HELP, calibrationSource } from '../calibration-source.ts';
import { addCommonOptions, addDataOptions, addSplitOptions, type DataOptions, type SplitOptions } from '../options.ts';
import { runCommand } from '../run-command.ts';
import { addStepOptions } from '../step-options.ts';
import { namedTeacher } from '../teacher.ts';
import { applyAndSay, recipeOf, stepOf, type OutputOptions } from './transform.ts';

type Finish = (code: number) => void;

interface DistillOptions extends OutputOptions, DataOptions, SplitOptions {
  readonly teacher?: string;
}

/** `distill`: trains a model towards another on samples without labels. */
export function addDistillCommand(program: Command, finish: Finish): void {
  const command = program
    .command('distill <model>')
    .description('train a model towards another, on samples without labels; a run that was stopped goes on')
    .requiredOption('-o, --output <file>', 'where the trained model goes');
  addStepOptions(command, distillKind);
  addSplitOptions(addDataOptions(addCommonOptions(command), 'samples to train on'), CALIBRATION_SET_HELP).action(
    async (model: string, options: DistillOptions) => {
      finish(
        await runCommand(options, async (context) => {
          const { teacher, output } = options;
          const named = teacher === undefined ? undefined : await namedTeacher(teacher, context);
          const said = named === undefined ? options : { ...options, teacher: named.sha256 };
          const applied = await applyAndSay(context, {
            model,
            recipe: recipeOf([stepOf(distillKind, said)]),
            calibration: calibrationSource(options),
            output,
            models: named === undefined ? {} : { [named.sha256]: named.path },
          });
          const distill = applied.outcomes.find((outcome) => outcome.distill)?.distill ?? null;
          return { output: { path: output, bytes: applied.bytes }, recipe: applied.recipe, ...distill };
        }),
      );
    },
  );
}
