import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

let cached: number | undefined;

/**
 * Cores that compute: without the second hardware thread of each (it shares the arithmetic units), at most as many as this
 * process may use. Where it cannot be told, the number of hardware threads. Cached after the first call.
 */
export function physicalCores(): number {
  cached ??= Math.max(1, Math.min(availableParallelism(), coresOfMachine() ?? Infinity));
  return cached;
}

function coresOfMachine(): number | undefined {
  try {
    if (process.platform === 'linux') return coresFromCpuinfo(readFileSync('/proc/cpuinfo', 'utf8'));
    if (process.platform === 'darwin') return Number(run('sysctl', ['-n', 'hw.physicalcpu'])) || undefined;
    if (process.platform === 'win32') {
      const script = '(Get-CimInstance Win32_Processor | Measure-Object -Property NumberOfCores -Sum).Sum';
      return Number(run('powershell.exe', ['-NoProfile', '-Command', script])) || undefined;
    }
  } catch {
    // no /proc, no sysctl: not knowable here
  }
  return undefined;
}

function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', timeout: 5000, windowsHide: true }).trim();
}

/** Distinct (socket, core) pairs of a Linux /proc/cpuinfo; undefined where it does not name them (ARM). */
export function coresFromCpuinfo(cpuinfo: string): number | undefined {
  const cores = new Set<string>();
  for (const block of cpuinfo.split(/\n\s*\n/)) {
    const core = /^core id\s*:\s*(\d+)/m.exec(block)?.[1];
    if (core !== undefined) cores.add(`${/^physical id\s*:\s*(\d+)/m.exec(block)?.[1] ?? '0'}/${core}`);
  }
  return cores.size === 0 ? undefined : cores.size;
}
