/** The tasks, in the order of their tabs. */
export const TABS = [
  'graph',
  'profile',
  'doctor',
  'quantize',
  'prune',
  'distill',
  'tradeoff',
  'compare',
  'export',
] as const;
export type Tab = (typeof TABS)[number];

/** The names that people read on the tabs. */
export const TAB_TITLES: Readonly<Record<Tab, string>> = {
  graph: 'Graph',
  profile: 'Profile',
  doctor: 'Doctor',
  quantize: 'Quantize',
  prune: 'Prune',
  distill: 'Distill',
  tradeoff: 'Trade-off',
  compare: 'Compare',
  export: 'Export',
};
