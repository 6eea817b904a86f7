import { lazy } from 'react';
import type { ComponentType } from 'react';
import type { Tab } from '../state/ui.ts';

/** The view of each task, loaded when its tab is first opened. */
export const VIEWS: Readonly<Record<Tab, ComponentType>> = {
  graph: lazy(async () => ({ default: (await import('../features/graph/GraphView.tsx')).GraphView })),
  profile: lazy(async () => ({ default: (await import('../features/profile/ProfileView.tsx')).ProfileView })),
  quantize: lazy(async () => ({ default: (await import('../features/quantize/QuantizeView.tsx')).QuantizeView })),
  prune: lazy(async () => ({ default: (await import('../features/prune/PruneView.tsx')).PruneView })),
  tradeoff: lazy(async () => ({ default: (await import('../features/tradeoff/TradeoffView.tsx')).TradeoffView })),
  compare: lazy(async () => ({ default: (await import('../features/compare/CompareView.tsx')).CompareView })),
  export: lazy(async () => ({ default: (await import('../features/export/ExportView.tsx')).ExportView })),
};
