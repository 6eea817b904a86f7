import type { Sources } from '../../engine/passes/pass.ts';
import type { SourceNames } from './operation-map.ts';

/** Kept names of source layers as the engine takes them. */
export function sourceMap(sources: SourceNames | null): Sources {
  return new Map(Object.entries(sources ?? {}));
}
