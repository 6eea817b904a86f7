import { Suspense } from 'react';
import type { ReactNode } from 'react';
import { Tabs } from '@mantine/core';
import { LoadingState } from '../design/LoadingState.tsx';
import { TAB_TITLES, TABS } from '../state/tabs.ts';
import type { Tab } from '../state/tabs.ts';
import { showTab, useUi } from '../state/ui.ts';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import classes from './TaskTabs.module.css';
import { VIEWS } from './views.ts';

/** The tasks: a tab each, the chosen one drawn. */
export function TaskTabs(): ReactNode {
  const tab = useUi((state) => state.tab);
  const View = VIEWS[tab];
  return (
    <Tabs
      value={tab}
      onChange={(value) => value !== null && showTab(value as Tab)}
      keepMounted={false}
      className={classes['tabs'] ?? ''}
    >
      <Tabs.List aria-label="Tasks" className={classes['list'] ?? ''}>
        {TABS.map((name) => (
          <Tabs.Tab key={name} value={name} className={classes['tab'] ?? ''}>
            {TAB_TITLES[name]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={tab} className={classes['panel'] ?? ''}>
        <ErrorBoundary key={tab}>
          <Suspense fallback={<LoadingState>Loading…</LoadingState>}>
            <View />
          </Suspense>
        </ErrorBoundary>
      </Tabs.Panel>
    </Tabs>
  );
}
