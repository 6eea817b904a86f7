import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(`${root}/${path}`, 'utf8');

/** Files under version control that still exist, and new ones that are not ignored. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => {
    try {
      read(path);
      return true;
    } catch {
      return false;
    }
  });
const sources = files.filter((path) => /\.(ts|tsx|mjs|cjs|css)$/.test(path));

describe('the house', () => {
  it('has files to look at', () => {
    expect(sources.length).toBeGreaterThan(200);
  });

  it('has no file over 400 lines', () => {
    const long = sources
      .map((path) => ({ path, lines: read(path).split('\n').length - 1 }))
      .filter(({ lines }) => lines > 400);
    expect(long).toEqual([]);
  });

  it('has no file named after nothing in particular', () => {
    expect(sources.filter((path) => /(^|[-.])(utils?|helpers?|managers?|misc)([-.]|$)/i.test(basename(path)))).toEqual(
      [],
    );
  });

  it('has kebab-case files, PascalCase ones for components, and hooks named as they are called', () => {
    const modules = sources
      .filter((path) => !/\.css$|\.d\.ts$/.test(path))
      .map((path) => ({ path, name: basename(path).split('.')[0]! }));
    const odd = modules.filter(
      ({ path, name }) =>
        !/^[a-z\d]+(-[a-z\d]+)*$/.test(name) &&
        !(/^[A-Z][A-Za-z\d]*$/.test(name) && path.endsWith('.tsx')) &&
        !/^use[A-Z]/.test(name),
    );
    expect(odd.map(({ path }) => path)).toEqual([]);
  });

  it('leaves nothing to do in comments', () => {
    const marker = new RegExp(`\\b(${['TO', 'DO|FIX', 'ME|X', 'XX'].join('')})\\b`);
    expect(sources.filter((path) => marker.test(read(path)))).toEqual([]);
  });

  it('names no registry in the lock file', () => {
    const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { resolved?: string }> };
    const resolved = Object.values(lock.packages).filter((entry) => entry.resolved !== undefined);
    expect(resolved).toEqual([]);
  });

  it('names every room of the engine in docs/architecture.md', () => {
    const rooms = new Set(files.flatMap((path) => /^main\/engine\/([^/]+)\//.exec(path)?.[1] ?? []));
    const doc = read('docs/architecture.md');
    expect([...rooms].filter((room) => !new RegExp(`^    ${room}/`, 'm').test(doc))).toEqual([]);
  });
});
