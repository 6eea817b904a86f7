import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import envPaths from 'env-paths';

/**
 * The workspace's folder: LAPIDARY_WORKSPACE, or the place where this system keeps programs' data. Where version 0.1 kept it
 * elsewhere and it is still there, that one.
 */
export function workspaceDirectory(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const chosen = environment['LAPIDARY_WORKSPACE'];
  if (chosen !== undefined && chosen !== '') return chosen;
  const earlier = earlierDirectory(environment, platform);
  if (earlier !== null && existsSync(earlier)) return earlier;
  const name = platform === 'darwin' || platform === 'win32' ? 'Lapidary' : 'lapidary';
  return envPaths(name, { suffix: '' }).data;
}

/** Where version 0.1 kept the workspace, if that is not where it is kept now: among the settings that roam. */
function earlierDirectory(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): string | null {
  if (platform !== 'win32') return null;
  return join(environment['APPDATA'] ?? join(homedir(), 'AppData', 'Roaming'), 'Lapidary');
}
