import { createTheme, rem } from '@mantine/core';
import type { CSSVariablesResolver, MantineColorsTuple } from '@mantine/core';
import { SURFACES } from './surfaces.ts';

/** Lapis: the one accent. Selection red is kept for the graph, as in Netron. */
const lapis: MantineColorsTuple = [
  '#eef3ff',
  '#dbe4fb',
  '#b5c7f3',
  '#8ca8ec',
  '#698ee6',
  '#537de3',
  '#4674e2',
  '#3663c9',
  '#2d58b4',
  '#1d4ba0',
];

/** Greys with a little blue in them; index 7 is the window, 6 a raised panel, 4 a border. */
const dark: MantineColorsTuple = [
  '#d6d9df',
  '#b4b9c2',
  '#8b919d',
  '#636a77',
  '#383d47',
  '#2b2f38',
  '#22252c',
  '#1a1c22',
  '#14161b',
  '#0e1013',
];

const dense = { defaultProps: { size: 'xs' as const } };

/** Dense desktop look: extra-small controls, small radii, tabular numbers, two bundled fonts. */
export const theme = createTheme({
  primaryColor: 'lapis',
  primaryShade: { light: 7, dark: 7 },
  colors: { lapis, dark },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono', ui-monospace, monospace",
  fontSizes: { xs: rem(12), sm: rem(13), md: rem(14), lg: rem(16), xl: rem(20) },
  spacing: { xs: rem(6), sm: rem(8), md: rem(12), lg: rem(16), xl: rem(24) },
  headings: { fontWeight: '600' },
  defaultRadius: 4,
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
  components: {
    Button: { defaultProps: { size: 'compact-xs' } },
    ActionIcon: { defaultProps: { size: 'sm', variant: 'subtle', color: 'gray' } },
    TextInput: dense,
    NumberInput: dense,
    Select: { defaultProps: { size: 'xs', allowDeselect: false, checkIconPosition: 'right' } },
    MultiSelect: dense,
    Checkbox: dense,
    Radio: dense,
    Switch: dense,
    SegmentedControl: dense,
    Slider: { defaultProps: { size: 'sm' } },
    Tabs: dense,
    Text: { defaultProps: { size: 'xs' } },
    Badge: { defaultProps: { size: 'sm', radius: 3, variant: 'light' } },
    Menu: {
      // The first entry takes the focus: a placeholder in the list would be no entry.
      defaultProps: { shadow: 'md', offset: 2, transitionProps: { duration: 60 }, withInitialFocusPlaceholder: false },
      styles: { item: { fontSize: rem(12), padding: '4px 8px' }, label: { fontSize: rem(11), padding: '4px 8px' } },
    },
    Tooltip: {
      defaultProps: { openDelay: 350, withArrow: false, transitionProps: { duration: 60 }, fz: 12, px: 6, py: 3 },
    },
    Popover: { defaultProps: { shadow: 'md', transitionProps: { duration: 60 } } },
    Modal: {
      defaultProps: {
        transitionProps: { duration: 80 },
        centered: true,
        overlayProps: { backgroundOpacity: 0.4 },
        closeButtonProps: { 'aria-label': 'Close' },
      },
    },
    // In a dialog, which is no landmark, a header would be taken for the window's own.
    ModalHeader: { defaultProps: { role: 'presentation' } },
    Loader: { defaultProps: { size: 'xs' } },
    Table: { defaultProps: { verticalSpacing: 2, horizontalSpacing: 'xs', fz: 12 } },
  },
});

/** Coloured words on white and on the tints of badges: as dark as 4.5 : 1 asks for (WCAG 2.2, 1.4.3). */
const LIGHT_WORDS = {
  red: '#b42318',
  orange: '#a34100',
  yellow: '#855400',
  teal: '#06705a',
  blue: '#155ea8',
  green: '#216e36',
};

/** The surfaces of the window: `--lap-window`, `--lap-panel`, `--lap-raised`, `--lap-border`, `--lap-muted`, `--lap-hover`, `--lap-selection`. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {
    '--lap-row': rem(24),
  },
  light: {
    ...Object.fromEntries(
      Object.entries(LIGHT_WORDS).flatMap(([name, color]) => [
        [`--mantine-color-${name}-text`, color],
        [`--mantine-color-${name}-light-color`, color],
      ]),
    ),
    '--mantine-color-error': LIGHT_WORDS.red,
    '--mantine-color-dimmed': 'var(--lap-muted)',
    '--lap-window': SURFACES.light.window,
    '--lap-panel': SURFACES.light.panel,
    '--lap-raised': SURFACES.light.raised,
    '--lap-border': SURFACES.light.border,
    '--lap-muted': '#5a6270',
    '--lap-hover': 'rgba(40, 60, 100, 0.07)',
    '--lap-selected': 'rgba(54, 99, 201, 0.16)',
    // As in viz/graph/palette.ts: what is selected is outlined alike on every canvas and chart.
    '--lap-selection': '#e02020',
    '--lap-canvas': SURFACES.light.canvas,
  },
  dark: {
    '--mantine-color-error': 'var(--mantine-color-red-text)',
    '--mantine-color-dimmed': 'var(--lap-muted)',
    '--lap-window': SURFACES.dark.window,
    '--lap-panel': SURFACES.dark.panel,
    '--lap-raised': SURFACES.dark.raised,
    '--lap-border': SURFACES.dark.border,
    '--lap-muted': '#a3aab6',
    '--lap-hover': 'rgba(200, 215, 255, 0.07)',
    '--lap-selected': 'rgba(105, 142, 230, 0.26)',
    '--lap-selection': '#ff4d4d',
    '--lap-canvas': SURFACES.dark.canvas,
  },
});
