import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addStepOptions, stepSettings } from '../../../main/cli/step-options.ts';
import { pruneKind } from '../../../main/contract/recipe/prune.ts';
import { channelFields } from '../../../main/contract/recipe/prune-channels.ts';
import { elementFields } from '../../../main/contract/recipe/prune-elements.ts';
import type { StepKind } from '../../../main/contract/recipe/step-kind.ts';
import { quantizeKind } from '../../../main/contract/recipe/quantize.ts';

/** The channels beside the single weights, as one kind: both have a score, and a target only the one. */
const both = {
  fields: [pruneKind.fields[0]!, ...elementFields, ...channelFields],
  initial: pruneKind.initial,
} as const;

const settings = (kind: Pick<StepKind<unknown>, 'fields' | 'initial'>, ...args: string[]): object => {
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
    // What is offered is put in: a recipe without it means all layers.
    expect(settings(quantizeKind)).toEqual({ speed: 'measured' });
    expect(settings(quantizeKind, '--speed', 'all')).toEqual({ speed: 'all' });
  });

  it('are told in sentences that begin small, but not with a name', () => {
    const help = addStepOptions(new Command('test'), quantizeKind).helpInformation().replaceAll(/\s+/gu, ' ');
    expect(help).toContain('how the range of an activation is found');
    expect(help).toContain('CPUs without VNNI may saturate');
  });

  it('read switches that turn off, and words for values', () => {
    expect(settings(quantizeKind, '--per-tensor', '--reduce-range', 'off', '--samples', '16')).toEqual({
      perChannel: false,
      reduceRange: false,
      samples: 16,
      speed: 'measured',
    });
  });

  it('give single layers a choice each', () => {
    expect(settings(quantizeKind, '--layer', 'a=float', '--layer', 'b=c=int8-7bit')).toEqual({
      speed: 'measured',
      layers: { a: 'float', 'b=c': 'int8-7bit' },
    });
    expect(() => settings(quantizeKind, '--layer', 'a=int9')).toThrow(/LAYER=float\|int8/);
  });

  it('give single tensors a range each', () => {
    expect(settings(quantizeKind, '--range', 'a=-1:3', '--range', 'b:0=c=0:0.5')).toEqual({
      speed: 'measured',
      ranges: { a: [-1, 3], 'b:0=c': [0, 0.5] },
    });
    for (const wrong of ['a=3:1', 'a=0', 'a=x:1', '=0:1']) {
      expect(() => settings(quantizeKind, '--range', wrong)).toThrow(/TENSOR=LEAST:GREATEST/);
    }
  });

  it('refuse what the step does not know', () => {
    expect(() => settings(quantizeKind, '--scheme', 'int9')).toThrow(/int8-static/);
    expect(() => settings(pruneKind, '--sparsity', '1.5')).toThrow(/from 0 to 1/);
    expect(() => settings(pruneKind)).toThrow(/--sparsity is missing/);
  });

  it('refuse what has no effect beside the others', () => {
    const [, ...args] = ['', '--sparsity', '0.5', '--seed', '3'];
    expect(settings(pruneKind, ...args, '--score', 'random')).toEqual({ sparsity: 0.5, score: 'random', seed: 3 });
    expect(() => settings(pruneKind, ...args)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: '--seed has no effect with --structure element --score magnitude',
        hint: 'It takes --structure element|2:4|4:8 --score random, or --structure channel --score random, or --structure block --score random.',
      }),
    );
    expect(() => settings(both, '--sparsity', '0.5', '--keep', 'macs=0.5')).toThrow(/--keep has no effect with/);
  });

  it('refuse a choice that the others leave no room for', () => {
    expect(() => settings(both, '--sparsity', '0.5', '--score', 'l1')).toThrow(
      '--score l1 is not possible with --structure element; possible: magnitude, wanda, sparsegpt, random',
    );
  });

  it('read a target, and numbers by name', () => {
    const channel = { ...both, fields: channelFields.map((field) => ({ ...field, when: {} })) };
    expect(settings(channel, '--keep', 'bytes=0.7', '--width', 'a=4', '--width', 'b=c=8')).toEqual({
      target: { bytes: 0.7 },
      widths: { a: 4, 'b=c': 8 },
    });
    expect(() => settings(channel, '--keep', 'layers=0.7')).toThrow(/expected macs, parameters, bytes, latency/);
    expect(() => settings(channel, '--keep', 'macs=1.7')).toThrow(/from 0 to 1/);
  });
});
