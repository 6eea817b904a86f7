import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that is gone when the test's scope ends: `using folder = tempFolder()`. */
export function tempFolder(): Disposable & { readonly path: string; readonly file: (name: string) => string } {
  const path = mkdtempSync(join(tmpdir(), 'lapidary-test-'));
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
