import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, release, type } from 'node:os';
import type { Machine } from '../../contract/machine.ts';
import { physicalCores } from './physical-cores.ts';

/**
 * Describes this machine.
 * @param onnxruntime version, as a runner tells it (`runner.about.onnxruntime`)
 */
export function machineInfo(
  onnxruntime: string,
  { provider = 'cpu', threads = null }: { readonly provider?: string; readonly threads?: number | null } = {},
): Machine {
  return {
    cpu: cpus()[0]?.model.trim().replaceAll(/\s+/g, ' ') || `${arch()} CPU with ${availableParallelism()} threads`,
    cores: physicalCores(),
    threads: threads ?? physicalCores(),
    os: osName(),
    node: process.versions.node,
    onnxruntime,
    provider,
    vnni: detectVnni(platform(), arch(), readText('/proc/cpuinfo')),
  };
}

/**
 * Whether the CPU has int8 dot products. Linux tells it in /proc/cpuinfo (`avx512_vnni`, `avx_vnni`; `asimddp` on ARM); every
 * Apple chip has them; elsewhere it is not known.
 */
export function detectVnni(os: string, cpu: string, cpuinfo: string | undefined): boolean | null {
  if (os === 'darwin' && cpu === 'arm64') return true;
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo ?? '')?.[1];
  if (os !== 'linux' || flags === undefined) return null;
  return /\s(?:avx512_vnni|avx_vnni|asimddp)(?:\s|$)/.test(flags);
}

function osName(): string {
  const pretty = /^PRETTY_NAME="?([^"\n]*)"?/m.exec(readText('/etc/os-release') ?? '')?.[1];
  return `${pretty ?? `${type()} ${release()}`} ${arch()}`;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // not this kind of system
  }
}
