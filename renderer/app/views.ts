import { lazy } from 'react';
import type { ComponentType } from 'react';
import type { Tab } from '../state/tabs.ts';

/** The view of each task, loaded when its tab is first opened. */
export const VIEWS: Readonly<Record<Tab, ComponentType>> = {
  graph: lazy(async () => ({ default: (await import('../tasks/graph/GraphView.tsx')).GraphView })),
  profile: lazy(async () => ({ default: (await import('../tasks/profile/ProfileView.tsx')).ProfileView })),
  doctor: lazy(async () => ({ default: (await import('../tasks/doctor/DoctorView.tsx')).DoctorView })),
  quantize: lazy(async () => ({ default: (await import('../tasks/quantize/QuantizeView.tsx')).QuantizeView })),
  prune: lazy(async () => ({ default: (await import('../tasks/prune/PruneView.tsx')).PruneView })),
  distill: lazy(async () => ({ default: (await import('../tasks/distill/DistillView.tsx')).DistillView })),
  tradeoff: lazy(async () => ({ default: (await import('../tasks/tradeoff/TradeoffView.tsx')).TradeoffView })),
  compare: lazy(async () => ({ default: (await import('../tasks/compare/CompareView.tsx')).CompareView })),
  export: lazy(async () => ({ default: (await import('../tasks/export/ExportView.tsx')).ExportView })),
};
