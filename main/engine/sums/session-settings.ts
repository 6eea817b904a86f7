import type { SessionSettings } from '../runtime/settings.ts';

/**
 * Sessions whose threads sleep between runs: what they give is added up here meanwhile, on the same cores, and idle threads
 * that spin would take these away.
 */
export const RESTING: SessionSettings = {
  provider: 'cpu',
  threads: null,
  config: { 'session.intra_op.allow_spinning': '0' },
};
