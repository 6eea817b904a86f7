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

/**
 * Operators that a source names: "path:line: name". What counts: a text between quotes (or backquotes without a
 * substitution) that is an operator's name or a list of such, a key of an object that is one, and a word of a regular
 * expression that is one. Comments, and names within longer texts, do not.
 */
function operatorNamesIn(path: string, text: string, words: ReadonlySet<string>): string[] {
  const kind = path.endsWith('.tsx') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false, kind);
  const isOperator = (word: string): boolean => names.has(word) && !words.has(word);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    for (const name of namedBy(node, isOperator)) found.push(`${path}:${line + 1}: ${name}`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function namedBy(node: ts.Node, isOperator: (word: string) => boolean): readonly string[] {
  if (ts.isStringLiteralLike(node)) {
    const words = node.text.split(/[\s,|]+/).filter((word) => word !== '');
    return words.every(isOperator) ? words : [];
  }
  if (ts.isRegularExpressionLiteral(node)) return node.text.match(/[A-Za-z\d]+/g)?.filter(isOperator) ?? [];
  if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name)) return [node.name.text].filter(isOperator);
  return [];
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
    expect(operatorNamesIn(path, readFileSync(`${root}/${path}`, 'utf8'), WORDS)).toEqual([
      `${path}:3: Conv`,
      `${path}:5: Gemm`,
      `${path}:5: MatMul`,
      `${path}:7: Softmax`,
      `${path}:9: Bernoulli`,
    ]);
  });
});
