import { useMantineColorScheme } from '@mantine/core';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { Splitter } from '../design/Splitter.tsx';
import { OutlinePanel } from '../tasks/graph/OutlinePanel.tsx';
import { PropertiesPanel } from '../tasks/graph/PropertiesPanel.tsx';
import { FileBrowser } from '../tasks/home/FileBrowser.tsx';
import { HomeView } from '../tasks/home/HomeView.tsx';
import { LayersPanel } from '../tasks/layers/LayersPanel.tsx';
import { useSession } from '../state/session.ts';
import { useUi } from '../state/ui.ts';
import classes from './App.module.css';
import { ConnectionBanner } from './ConnectionBanner.tsx';
import { Dialogs } from './Dialogs.tsx';
import { DropZone } from './DropZone.tsx';
import { Palette } from './Palette.tsx';
import { StatusBar } from './StatusBar.tsx';
import { TaskTabs } from './TaskTabs.tsx';
import { TitleBar } from './TitleBar.tsx';
import { Toasts } from './Toasts.tsx';
import { useShortcuts } from './use-shortcuts.ts';

/** The one window. */
export function App(): ReactNode {
  const model = useSession((state) => state.model);
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
          <HomeView />
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

/** Outline, task, properties; the layers below. */
function Workbench(): ReactNode {
  const ui = useUi();
  return (
    <>
      <div className={classes['middle']}>
        {ui.outline && (
          <>
            <div style={{ width: ui.outlineWidth, flex: 'none' }}>
              <OutlinePanel />
            </div>
            <Splitter
              label="Width of the outline"
              orientation="vertical"
              panel="before"
              size={ui.outlineWidth}
              min={160}
              max={520}
              onResize={(outlineWidth) => ui.set({ outlineWidth })}
            />
          </>
        )}
        <main className={classes['center']}>
          <TaskTabs />
        </main>
        {ui.properties && (
          <>
            <Splitter
              label="Width of the properties"
              orientation="vertical"
              panel="after"
              size={ui.propertiesWidth}
              min={200}
              max={640}
              onResize={(propertiesWidth) => ui.set({ propertiesWidth })}
            />
            <div style={{ width: ui.propertiesWidth, flex: 'none' }}>
              <PropertiesPanel />
            </div>
          </>
        )}
      </div>
      {ui.table && (
        <>
          <Splitter
            label="Height of the layers table"
            orientation="horizontal"
            panel="after"
            size={ui.tableHeight}
            min={90}
            max={700}
            onResize={(tableHeight) => ui.set({ tableHeight })}
          />
          <div style={{ height: ui.tableHeight, flex: 'none' }}>
            <LayersPanel />
          </div>
        </>
      )}
    </>
  );
}

/** The chosen theme; "auto" follows the system. */
function useTheme(): void {
  const theme = useUi((state) => state.theme);
  const { setColorScheme } = useMantineColorScheme();
  useEffect(() => setColorScheme(theme), [theme, setColorScheme]);
}
