/** What the graph is drawn with: the part of a 2-D canvas that an SVG file can be written with too. */
export type DrawingContext = Pick<
  CanvasRenderingContext2D,
  | 'beginPath'
  | 'closePath'
  | 'fill'
  | 'fillRect'
  | 'fillText'
  | 'globalAlpha'
  | 'lineTo'
  | 'lineWidth'
  | 'moveTo'
  | 'arcTo'
  | 'rect'
  | 'restore'
  | 'rotate'
  | 'save'
  | 'scale'
  | 'stroke'
  | 'font'
  | 'textAlign'
  | 'textBaseline'
  | 'translate'
> & {
  fillStyle: string | CanvasGradient | CanvasPattern;
  strokeStyle: string | CanvasGradient | CanvasPattern;
  readonly roundRect: (x: number, y: number, width: number, height: number, radii?: number | number[]) => void;
  readonly measureText: (text: string) => { readonly width: number };
  readonly setLineDash: (dash: number[]) => void;
};
