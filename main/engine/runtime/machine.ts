import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, release, type } from 'node:os';
import { physicalCores } from './physical-cores.ts';

/** The machine that something was measured on, as far as it changes what is measured. */
export interface MachineInfo {
  readonly cpu: string;
  /** Physical cores that this process may use. */
  readonly cores: number;
  /** Threads that the runtime used within an operator. */
  readonly threads: number;
  readonly os: string;
  readonly node: string;
  readonly onnxruntime: string;
  readonly provider: string;
  /** Whether the CPU multiplies int8 without intermediate saturation (VNNI; dot product on ARM); null: cannot be told. */
  readonly vnni: boolean | null;
}

/**
 * Describes this machine.
 * @param onnxruntime version, as a runner tells it (`runner.about.onnxruntime`)
 */
export function machineInfo(
  onnxruntime: string,
  { provider = 'cpu', threads = null }: { readonly provider?: string; readonly threads?: number | null } = {},
): MachineInfo {
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
