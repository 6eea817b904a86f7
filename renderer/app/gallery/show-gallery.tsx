/** The gallery as a page of its own: nothing of it is loaded for the window. */
import '@mantine/core/styles.css';
import '../../design/fonts.ts';
import '../../design/base.css';
import { MantineProvider } from '@mantine/core';
import { createRoot } from 'react-dom/client';
import { cssVariables, theme } from '../../design/theme.ts';
import { Gallery } from './Gallery.tsx';

document.title = 'Controls – Lapidary';
createRoot(document.querySelector('#root')!).render(
  <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
    <Gallery />
  </MantineProvider>,
);
