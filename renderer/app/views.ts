import { lazy } from 'react';
import type { ComponentType } from 'react';
import { TAB_TITLES, TABS } from '../state/ui.ts';
import type { Tab } from '../state/ui.ts';

const files = import.meta.glob<Readonly<Record<string, ComponentType>>>('../features/*/*View.tsx');

/** `features/tradeoff/TradeoffView.tsx` exports `TradeoffView`; a task is loaded when its tab is first opened. */
const FILE_NAMES: Readonly<Record<Tab, string>> = {
  graph: 'Graph',
  profile: 'Profile',
  quantize: 'Quantize',
  prune: 'Prune',
  tradeoff: 'Tradeoff',
  compare: 'Compare',
  export: 'Export',
};

function viewOf(tab: Tab): ComponentType {
  const name = `${FILE_NAMES[tab]}View`;
  const load = files[`../features/${tab}/${name}.tsx`];
  return lazy(async () => {
    const view = (await load?.())?.[name];
    if (view === undefined) throw new Error(`The task "${TAB_TITLES[tab]}" is not part of this build`);
    return { default: view };
  });
}

/** The view of each task. */
export const VIEWS = Object.fromEntries(TABS.map((tab) => [tab, viewOf(tab)])) as Readonly<Record<Tab, ComponentType>>;
