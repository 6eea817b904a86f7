import type { Command } from 'commander';
import { providerDevice, providerTitle } from '../../judge/providers.ts';
import type { OperationResult } from '../../services/operations/operation-map.ts';
import { addCommonOptions } from '../options.ts';
import { runCommand, type CommonOptions } from '../run-command.ts';

/** `lapidary machine`: what this machine is, which providers run on it, how to get the others. */
export function addMachineCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command('machine')
    .description('this machine, the execution providers that work on it, and how to get the others');
  addCommonOptions(command).action(async (options: CommonOptions) => {
    finish(
      await runCommand(options, async ({ operate, say }) => {
        const found = await operate('machine', {});
        say(textOf(found));
        return found;
      }),
    );
  });
}

function textOf({ machine, providers }: OperationResult<'machine'>): string {
  const vnni = machine.vnni === null ? '' : machine.vnni ? ', int8 dot products' : ', no int8 dot products';
  return [
    `${machine.cpu}, ${machine.cores} cores${vnni}`,
    `${machine.os}, ONNX Runtime ${machine.onnxruntime}, Node ${machine.node}`,
    '',
    ...providers.flatMap(({ name, available, reason, how }) => [
      `${providerTitle(name)} (${providerDevice(name)}): ${available ? 'works' : (reason ?? 'does not work')}`,
      ...(how === null ? [] : [`    ${how}`]),
    ]),
  ].join('\n');
}
