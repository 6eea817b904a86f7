import type { Connection } from './shell-contract.ts';

/** The switch by which the window's preload learns where the engine answers. */
export const CONNECTION_SWITCH = '--lapidary-connection=';

/** The command-line switch that carries a connection to a preload. */
export function connectionSwitch(connection: Connection): string {
  return CONNECTION_SWITCH + Buffer.from(JSON.stringify(connection)).toString('base64url');
}
