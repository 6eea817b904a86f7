import type { SessionSettings } from '../runtime/settings.ts';

/** Threads that go on spinning between steps: the next one comes at once. */
export const TRAINING_SESSION: SessionSettings = {
  provider: 'cpu',
  threads: null,
  memoryPattern: false,
  // What rounds and scales back is what is trained through: it must not become an integer kernel.
  config: { 'session.disable_quant_qdq': '1' },
};
