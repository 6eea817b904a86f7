import { useMantineColorScheme } from '@mantine/core';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { LoadingState } from '../design/LoadingState.tsx';
import { isOpenedForModel } from '../state/first-model.ts';
import { FileBrowser } from '../tasks/home/FileBrowser.tsx';
import { HomeView } from '../tasks/home/HomeView.tsx';
import { useSession } from '../state/session.ts';
import { useUi } from '../state/ui.ts';
import classes from './App.module.css';
import { ConnectionBanner } from './ConnectionBanner.tsx';
import { Dialogs } from './Dialogs.tsx';
import { DropZone } from './DropZone.tsx';
import { Palette } from './Palette.tsx';
import { StatusBar } from './StatusBar.tsx';
import { TitleBar } from './TitleBar.tsx';
import { Toasts } from './Toasts.tsx';
import { useShortcuts } from './use-shortcuts.ts';
import { Workbench } from './Workbench.tsx';

/** The one window. */
export function App(): ReactNode {
  const model = useSession((state) => state.model);
  const opening = useSession((state) => state.opening);
  useShortcuts();
  useTheme();
  useEffect(() => {
    document.title = model === null ? 'Lapidary' : `${model.entry.name} – Lapidary`;
  }, [model]);
  return (
    <div className={classes['window']}>
      <TitleBar />
      <ConnectionBanner />
      {model === null ? (
        <main className={classes['center']}>
          {opening !== null && isOpenedForModel() ? <LoadingState>{`Opening ${opening}…`}</LoadingState> : <HomeView />}
        </main>
      ) : (
        <Workbench />
      )}
      <StatusBar />
      <Toasts />
      <Dialogs />
      <FileBrowser />
      <Palette />
      <DropZone />
    </div>
  );
}

/** The chosen theme; "auto" follows the system. */
function useTheme(): void {
  const theme = useUi((state) => state.theme);
  const { setColorScheme } = useMantineColorScheme();
  useEffect(() => setColorScheme(theme), [theme, setColorScheme]);
}
