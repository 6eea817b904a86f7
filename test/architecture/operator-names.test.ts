import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { knownOperators } from '../../main/engine/operators/table.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const names: ReadonlySet<string> = new Set(knownOperators().map(({ opType }) => opType));

/** Operators whose names are words of the window and of the metric table too: captions and keys. */
const WORDS: ReadonlySet<string> = new Set(['Mean', 'Mod', 'Resize', 'Size', 'Where']);

/** String literals of a source that are the name of an operator: "line: name". Comments and templates do not count. */
function operatorNamesIn(path: string, text: string, words: ReadonlySet<string>): string[] {
  const kind = path.endsWith('.tsx') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false, kind);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) && names.has(node.text) && !words.has(node.text)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      found.push(`${path}:${line + 1}: ${node.text}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const sources = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'main', 'renderer'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => /\.tsx?$/.test(path) && !/^main\/engine\/(?:operators|passes)\//.test(path));

describe('operators', () => {
  it('are known by name in the operators room and the passes alone', () => {
    expect(names.size).toBeGreaterThan(200);
    expect(sources.length).toBeGreaterThan(200);
    const found = sources.flatMap((path) => {
      let text: string;
      try {
        text = readFileSync(`${root}/${path}`, 'utf8');
      } catch {
        return []; // deleted in the work tree
      }
      return operatorNamesIn(path, text, /^(?:renderer|main\/judge)\//.test(path) ? WORDS : new Set());
    });
    expect(found).toEqual([]);
  });

  it('are found where a violation is planted', () => {
    const path = 'test/fixtures/architecture/operator-name.ts';
    expect(operatorNamesIn(path, readFileSync(`${root}/${path}`, 'utf8'), WORDS)).toEqual([`${path}:3: Conv`]);
  });
});
