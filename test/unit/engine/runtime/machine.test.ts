import { describe, expect, it } from 'vitest';
import { detectVnni, machineInfo } from '../../../../main/engine/runtime/machine.ts';
import { coresFromCpuinfo } from '../../../../main/engine/runtime/physical-cores.ts';

describe('detectVnni', () => {
  it('reads the flags of Linux', () => {
    expect(detectVnni('linux', 'x64', 'flags\t\t: fpu avx2 avx512_vnni rdpid\n')).toBe(true);
    expect(detectVnni('linux', 'x64', 'flags\t\t: fpu avx2 avx_vnni\n')).toBe(true);
    expect(detectVnni('linux', 'x64', 'flags\t\t: fpu avx2 avx512_vnni_like\n')).toBe(false);
    expect(detectVnni('linux', 'arm64', 'Features\t: fp asimd asimddp\n')).toBe(true);
  });

  it('knows Apple chips and admits what it does not know', () => {
    expect(detectVnni('darwin', 'arm64', undefined)).toBe(true);
    expect(detectVnni('darwin', 'x64', undefined)).toBeNull();
    expect(detectVnni('win32', 'x64', undefined)).toBeNull();
  });
});

const thread = (socket: number, core: number): string => `processor : 0\nphysical id : ${socket}\ncore id : ${core}\n`;

it('counts a core with two threads once', () => {
  expect(coresFromCpuinfo([thread(0, 0), thread(0, 1), thread(0, 0), thread(1, 0)].join('\n'))).toBe(3);
  expect(coresFromCpuinfo('processor : 0\nBogoMIPS : 50\n')).toBeUndefined();
});

it('names the threads that were really used', () => {
  expect(machineInfo('1.0', { threads: 3, provider: 'webgpu' })).toMatchObject({ threads: 3, provider: 'webgpu' });
  const byDefault = machineInfo('1.0');
  expect(byDefault.threads).toBe(byDefault.cores);
});
