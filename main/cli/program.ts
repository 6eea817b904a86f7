import { Command, CommanderError } from 'commander';
import { version } from '../host/engine.ts';
import { addCompareCommand } from './commands/compare.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addDistillCommand } from './commands/distill.ts';
import { addErrorsCommand } from './commands/errors.ts';
import { addEvaluateCommand } from './commands/evaluate.ts';
import { addInspectCommand } from './commands/inspect.ts';
import { addMachineCommand } from './commands/machine.ts';
import { addPresetsCommand } from './commands/presets.ts';
import { addProfileCommand } from './commands/profile.ts';
import { addReportCommand } from './commands/report.ts';
import { addRunCommand } from './commands/run.ts';
import { addSearchCommand } from './commands/search.ts';
import { addServeCommand } from './commands/serve.ts';
import { addSuspectsCommand } from './commands/suspects.ts';
import { addTransformCommands } from './commands/transform.ts';

/**
 * Runs the command line.
 * @param args what stands after the program's name
 * @returns the exit code: 0 done, 2 wrong usage, 3 bad input, 4 the runtime failed, 5 cancelled, 6 the doctor found what it was told to fail on
 */
export async function runProgram(args: readonly string[]): Promise<number> {
  let code = 0;
  const finish = (result: number): void => {
    code = result;
  };
  const program = new Command('lapidary')
    .description('A studio for ONNX models. Without a command it opens the studio (--browser: in the browser).')
    .version(version())
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /u, 'lapidary: USAGE: ')),
    });
  for (const add of [
    addInspectCommand,
    addProfileCommand,
    addRunCommand,
    addSuspectsCommand,
    addEvaluateCommand,
    addPresetsCommand,
    addErrorsCommand,
    addDoctorCommand,
    addTransformCommands,
    addDistillCommand,
    addSearchCommand,
    addCompareCommand,
    addServeCommand,
    addMachineCommand,
    addReportCommand,
  ]) {
    add(program, finish);
  }
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    if (args.includes('--json')) {
      const message = error.message.replace(/^error: /u, '');
      process.stdout.write(`${JSON.stringify({ error: { code: 'USAGE', message, hint: null } })}\n`);
    }
    return 2;
  }
  return code;
}
