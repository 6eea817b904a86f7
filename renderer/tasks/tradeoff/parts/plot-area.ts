import type { ScaleLinear } from 'd3-scale';

/** The rectangle of the plot inside its axes, pixels. */
export interface PlotArea {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** From a value to pixels and back. */
export type PlotScale = ScaleLinear<number, number>;
