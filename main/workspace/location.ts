import { homedir } from 'node:os';
import { join } from 'node:path';

/** The workspace's folder: LAPIDARY_WORKSPACE, or the place where this system keeps programs' data. */
export function workspaceDirectory(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const chosen = environment['LAPIDARY_WORKSPACE'];
  if (chosen !== undefined && chosen !== '') return chosen;
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Lapidary');
  if (platform === 'win32') return join(environment['APPDATA'] ?? join(homedir(), 'AppData', 'Roaming'), 'Lapidary');
  return join(environment['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'lapidary');
}
