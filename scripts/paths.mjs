/** Where things lie in the clone. Plain JavaScript without packages: it runs before anything is installed, on Node ≥ 20. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone's root folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** @param {...string} parts a path relative to the clone's root */
export const inRoot = (...parts) => join(root, ...parts);

/** Scratch that may be deleted at any time: downloads' memory, test reports. */
export const cache = inRoot('node_modules', '.cache', 'lapidary');

const bundledNode = inRoot('node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** The first of `candidates` that exists, or undefined. @param {readonly string[]} candidates */
export const firstExisting = (candidates) => candidates.find((path) => existsSync(path));

/** Where the `node` package puts its executable. */
export const bundledNodePath = bundledNode;

/**
 * The Node ≥ 24 that everything but these scripts runs on: the one that the `node` package carries, else the current one
 * when it is new enough.
 * @returns {string | undefined} path of the executable; undefined when neither is there
 */
export function findNode24() {
  if (existsSync(bundledNode)) return bundledNode;
  return Number(process.versions.node.split('.')[0]) >= 24 ? process.execPath : undefined;
}

/** As `findNode24`, for callers that run after installation. @returns {string} */
export function node24() {
  const found = findNode24();
  if (found === undefined) throw new Error('Node 24 is not installed here: run `npm start` or `npm test` once.');
  return found;
}
