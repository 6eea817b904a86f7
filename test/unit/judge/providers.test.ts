import { expect, it } from 'vitest';
import { providerSchema } from '../../../main/contract/machine.ts';
import { howToGet } from '../../../main/judge/providers.ts';

const LINUX = { platform: 'linux', arch: 'x64' };

it('says what to install where the package can bring the provider', () => {
  expect(howToGet('cuda', LINUX)).toContain('cuDNN');
  expect(howToGet('dml', { platform: 'win32', arch: 'x64' })).toContain('driver');
});

it('says where else to measure what this platform cannot have', () => {
  for (const provider of ['coreml', 'dml'] as const) {
    expect(howToGet(provider, LINUX)).toMatch(/^Not on linux x64: it is for (?:darwin|win32)/u);
    expect(howToGet(provider, LINUX)).toContain('import the trace');
  }
});

it('names the flag for building what no package brings', () => {
  for (const provider of ['openvino', 'qnn', 'xnnpack'] as const)
    expect(howToGet(provider, LINUX)).toContain(`--use_${provider}`);
});

it('knows every provider but the processor, which is always there', () => {
  for (const provider of providerSchema.options) if (provider !== 'cpu') expect(howToGet(provider, LINUX)).not.toBe('');
});
