import { readFileSync, writeFileSync } from 'node:fs';

/** Resident memory of this process in bytes. */
export function residentBytes(): number {
  return process.memoryUsage.rss();
}

/**
 * Forgets the peak of resident memory, so that {@link peakResidentBytes} speaks of what follows. Linux only (proc(5),
 * /proc/pid/clear_refs); elsewhere the peak is that of the process's whole life.
 * @returns whether the peak was really forgotten
 */
export function resetPeakResident(): boolean {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    return true;
  } catch {
    return false; // no /proc, or it is read-only (some containers): the caller falls back on samples
  }
}

/** Highest resident memory in bytes: since the last reset on Linux, since the start of the process elsewhere. */
export function peakResidentBytes(): number {
  try {
    const line = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'));
    if (line !== null) return Number(line[1]) * 1024;
  } catch {
    // not Linux
  }
  return process.resourceUsage().maxRSS * 1024;
}
