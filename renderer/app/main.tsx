import '@mantine/core/styles.css';
import '@mantine/spotlight/styles.css';
import '../design/fonts.ts';
import '../design/base.css';
import { MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { cssVariables, theme } from '../design/theme.ts';
import { engine } from '../state/engine.ts';
import { keepSettings } from '../state/keep-settings.ts';

const root = document.querySelector('#root');
if (root === null) throw new Error('index.html has no #root');

await keepSettings(engine());
// Their stores read what is kept when they are loaded.
// The graph is what is seen first: it is there when the model is.
const [{ App }, { startLive }] = await Promise.all([
  import('./App.tsx'),
  import('../state/live.ts'),
  import('../tasks/graph/GraphView.tsx'),
]);
startLive();
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <App />
    </MantineProvider>
  </StrictMode>,
);
