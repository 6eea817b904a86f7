import { fileURLToPath } from 'node:url';

/**
 * Finds the file of another process entry from the module that asks for it, both from source and from the build.
 * @param moduleUrl the asking module's `import.meta.url`
 * @param source    the entry relative to that module, as it stands in the source tree ("../engine/runtime/runner-entry.ts")
 * @param built     the entry's name in the build, where every entry and chunk lies in one folder ("runner.js")
 */
export function entryPath(moduleUrl: string, source: string, built: string): string {
  return fileURLToPath(new URL(moduleUrl.endsWith('.ts') ? source : `./${built}`, moduleUrl));
}
