import type { ReactNode } from 'react';
import { Rail } from '../design/Rail.tsx';
import { Splitter } from '../design/Splitter.tsx';
import { PANEL_TITLES, isOpen, recipeHeight, tableHeight } from '../state/panels.ts';
import type { Panel } from '../state/panels.ts';
import { openPanel, useUi } from '../state/ui.ts';
import { OutlinePanel } from '../tasks/graph/OutlinePanel.tsx';
import { PropertiesPanel } from '../tasks/graph/PropertiesPanel.tsx';
import { LayersDock } from './LayersDock.tsx';
import { RecipePanel } from '../tasks/recipe/RecipePanel.tsx';
import { useWindowSize } from '../widgets/use-fold.ts';
import { TaskTabs } from './TaskTabs.tsx';
import classes from './Workbench.module.css';

/** What a task's picture keeps of the window's height, whatever is dragged. */
const PICTURE_HEIGHT = 260;

/** Outline and recipe, the task, properties; the layers below. Each panel folds; where it stands is kept. */
export function Workbench(): ReactNode {
  const size = useWindowSize();
  const tab = useUi((state) => state.tab);
  const panels = useUi((state) => state.panels);
  const resize = useUi((state) => state.resize);
  const open = (panel: Panel): boolean => isOpen(panels, tab, panel, size);
  const highest = Math.max(120, size.height - PICTURE_HEIGHT);
  const height = Math.min(tableHeight(panels, tab, size), highest);
  return (
    <main className={classes['bench']}>
      <div className={classes['middle']}>
        <LeftColumn height={size.height} />
        <div className={classes['center']}>
          <TaskTabs />
        </div>
        {open('properties') ? (
          <>
            <Splitter
              label="Width of the properties"
              orientation="vertical"
              panel="after"
              size={panels.rightWidth}
              min={200}
              max={640}
              onResize={(rightWidth) => resize({ rightWidth })}
            />
            <div className={classes['side']} style={{ width: panels.rightWidth }}>
              <PropertiesPanel />
            </div>
          </>
        ) : (
          <Rail side="right" panels={[railOf('properties')]} />
        )}
      </div>
      {open('table') ? (
        <>
          <Splitter
            label="Height of the layers table"
            orientation="horizontal"
            panel="after"
            size={height}
            min={90}
            max={highest}
            onResize={(pixels) => resize({ tableHeight: { ...panels.tableHeight, [tab]: pixels } })}
          />
          <div className={classes['bottom']} style={{ height }}>
            <LayersDock />
          </div>
        </>
      ) : (
        <div className={classes['folded']}>
          <LayersDock />
        </div>
      )}
    </main>
  );
}

/** The outline above the recipe; a rail when both are folded. */
function LeftColumn({ height }: { readonly height: number }): ReactNode {
  const size = useWindowSize();
  const tab = useUi((state) => state.tab);
  const panels = useUi((state) => state.panels);
  const resize = useUi((state) => state.resize);
  const outline = isOpen(panels, tab, 'outline', size);
  const recipe = isOpen(panels, tab, 'recipe', size);
  if (!outline && !recipe) return <Rail side="left" panels={[railOf('outline'), railOf('recipe')]} />;
  const most = height - 240;
  const share = Math.min(recipeHeight(panels, size), most);
  return (
    <>
      <div className={classes['left']} style={{ width: panels.leftWidth }}>
        <div className={classes[outline ? 'grows' : 'folds']}>
          <OutlinePanel />
        </div>
        {outline && recipe ? (
          <Splitter
            label="Height of the recipe"
            orientation="horizontal"
            panel="after"
            size={share}
            min={90}
            max={most}
            onResize={(pixels) => resize({ recipeHeight: pixels })}
          />
        ) : (
          <div className={classes['line']} />
        )}
        <div
          className={classes[recipe && !outline ? 'grows' : 'folds']}
          style={recipe && outline ? { height: share } : undefined}
        >
          <RecipePanel />
        </div>
      </div>
      <Splitter
        label="Width of the outline and the recipe"
        orientation="vertical"
        panel="before"
        size={panels.leftWidth}
        min={180}
        max={560}
        onResize={(leftWidth) => resize({ leftWidth })}
      />
    </>
  );
}

function railOf(panel: Panel): { readonly title: string; readonly onOpen: () => void } {
  return { title: PANEL_TITLES[panel], onOpen: () => openPanel(panel) };
}
