import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The plain Node that runs the engine: LAPIDARY_NODE, or the one that came with the program. Electron's own Node will not
 * do: its memory cage forbids the external buffers that ONNX Runtime hands out.
 * @throws Error when there is none
 */
export function findNode(
  root: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const candidates = [environment['LAPIDARY_NODE'], join(root, 'node_modules', 'node', 'bin', name)];
  const found = candidates.find((path) => path !== undefined && existsSync(path));
  if (found === undefined) throw new Error('The Node that runs the engine is missing; install Lapidary again.');
  return found;
}
