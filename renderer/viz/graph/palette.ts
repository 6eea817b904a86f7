/** Colours of the canvas in one theme. */
export interface GraphPalette {
  readonly background: string;
  readonly grid: string;
  readonly text: string;
  readonly muted: string;
  readonly boxFill: string;
  readonly boxBorder: string;
  readonly frameFill: string;
  readonly frameBorder: string;
  readonly groupFill: string;
  readonly edge: string;
  readonly edgeIn: string;
  readonly edgeOut: string;
  readonly selection: string;
  readonly hover: string;
  readonly ioFill: string;
  readonly ioText: string;
  /** Boxes without a value while an overlay is on. */
  readonly unmeasured: string;
  /** Channels that stay, and those that go. */
  readonly kept: string;
  readonly gone: string;
}

export const LIGHT_PALETTE: GraphPalette = {
  background: '#fbfbfc',
  grid: '#eceef2',
  text: '#1c2028',
  muted: '#5a6270',
  boxFill: '#ffffff',
  boxBorder: '#b9bfca',
  frameFill: 'rgba(90, 110, 150, 0.055)',
  frameBorder: '#c9cfda',
  groupFill: '#e6eaf2',
  edge: '#8d95a3',
  edgeIn: '#0072b2',
  edgeOut: '#d55e00',
  selection: '#e02020',
  hover: '#3663c9',
  ioFill: '#eef0f4',
  ioText: '#39414f',
  unmeasured: '#eceef2',
  kept: '#3663c9',
  gone: '#d9dce2',
};

export const DARK_PALETTE: GraphPalette = {
  background: '#15171c',
  grid: '#1d2027',
  text: '#e3e6ec',
  muted: '#9aa1ae',
  boxFill: '#23262e',
  boxBorder: '#464c59',
  frameFill: 'rgba(170, 190, 230, 0.045)',
  frameBorder: '#3a404c',
  groupFill: '#2c313c',
  edge: '#6d7585',
  edgeIn: '#56b4e9',
  edgeOut: '#f0a04b',
  selection: '#ff4d4d',
  hover: '#8ca8ec',
  ioFill: '#262a33',
  ioText: '#c4cad6',
  unmeasured: '#262a33',
  kept: '#698ee6',
  gone: '#464c59',
};
