import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addStepOptions, stepSettings } from '../../../main/cli/step-options.ts';
import { pruneKind } from '../../../main/contract/recipe/prune.ts';
import { quantizeKind } from '../../../main/contract/recipe/quantize.ts';

const settings = (kind: typeof pruneKind | typeof quantizeKind, ...args: string[]): object => {
  const command = addStepOptions(new Command('test').exitOverride(), kind);
  command.configureOutput({ writeErr: () => undefined });
  return stepSettings(kind, command.parse(args, { from: 'user' }).opts());
};

describe('the options of a step', () => {
  it('set what they say, and leave the rest to the recipe', () => {
    expect(settings(pruneKind, '--sparsity', '0.4', '--exclude', 'a,b', '--exclude', 'c')).toEqual({
      sparsity: 0.4,
      exclude: ['a', 'b', 'c'],
    });
    expect(settings(quantizeKind)).toEqual({});
  });

  it('read switches that turn off, and words for values', () => {
    expect(settings(quantizeKind, '--per-tensor', '--reduce-range', 'off', '--samples', '16')).toEqual({
      perChannel: false,
      reduceRange: false,
      samples: 16,
    });
  });

  it('refuse what the step does not know', () => {
    expect(() => settings(quantizeKind, '--scheme', 'int9')).toThrow(/int8-static/);
    expect(() => settings(pruneKind, '--sparsity', '1.5')).toThrow(/from 0 to 1/);
    expect(() => settings(pruneKind)).toThrow(/--sparsity/);
  });
});
