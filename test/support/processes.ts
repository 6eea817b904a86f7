import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/** A process of this machine. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Program and arguments. */
  readonly command: string;
}

/** The processes that one started, and those that they started, as they are now. */
export function descendants(pid: number): readonly Process[] {
  const all = process.platform === 'linux' ? fromProc() : fromPs();
  const found: Process[] = [];
  const parents = [pid];
  for (const parent of parents) {
    const children = all.filter((candidate) => candidate.parent === parent);
    found.push(...children);
    parents.push(...children.map((child) => child.pid));
  }
  return found;
}

/** The one descendant whose command matches. @throws when there is none, or more than one */
export function descendant(pid: number, command: RegExp): Process {
  const candidates = descendants(pid);
  const found = candidates.filter((candidate) => command.test(candidate.command));
  const [only] = found;
  if (only === undefined || found.length > 1) {
    const listed = candidates.map((candidate) => `${candidate.pid} ${candidate.command}`).join('\n');
    throw new Error(
      `${found.length} processes below ${pid} match ${String(command)}, expected one; there are:\n${listed}`,
    );
  }
  return only;
}

/** Whether a process still runs; one that ended and waits for its parent to notice (a zombie) does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return process.platform !== 'linux' || !/^\d+ \(.*\) [ZX]/su.test(readOrEmpty(`/proc/${pid}/stat`));
}

function fromProc(): readonly Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .flatMap((name) => {
      // "pid (name) state ppid …"; the name may hold spaces and brackets.
      const parent = /^\d+ \(.*\) \S (\d+)/su.exec(readOrEmpty(`/proc/${name}/stat`))?.[1];
      if (parent === undefined) return [];
      const command = readOrEmpty(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim();
      return [{ pid: Number(name), parent: Number(parent), command }];
    });
}

/** A process may end while it is looked at. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function fromPs(): readonly Process[] {
  const text = execFileSync('ps', ['-axo', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return [...text.matchAll(/^\s*(\d+)\s+(\d+)\s+(.*)$/gmu)].map(([, pid, parent, command]) => ({
    pid: Number(pid),
    parent: Number(parent),
    command: command ?? '',
  }));
}
