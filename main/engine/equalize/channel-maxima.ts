import { readWeights } from '../linear/layer-weights.ts';
import type { SolvableLayer } from '../linear/solvable-layers.ts';

/**
 * The largest magnitudes of a layer's weights between each output channel and each channel of its data: all that scaling them
 * asks for, and for a kernel of nine taps a ninth of its size. Channels of the data are counted through all groups.
 */
export class ChannelMaxima {
  readonly #outputs: number;
  readonly #inputs: number;
  /** [groups, outputs, inputs of a group] */
  readonly #largest: Float64Array;
  readonly #rowFactors: Float64Array;
  readonly #columnFactors: Float64Array;

  constructor(layer: SolvableLayer) {
    const { groups, outputs, columns, taps } = layer.form;
    this.#rowFactors = new Float64Array(groups * outputs).fill(1);
    this.#columnFactors = new Float64Array((groups * columns) / taps).fill(1);
    this.#outputs = outputs;
    this.#inputs = columns / taps;
    this.#largest = new Float64Array(groups * outputs * this.#inputs);
    for (const [group, { weights }] of readWeights(layer).entries()) {
      for (let at = 0; at < weights.length; at++) {
        const row = Math.floor(at / columns);
        const place = (group * outputs + row) * this.#inputs + Math.floor((at % columns) / taps);
        this.#largest[place] = Math.max(this.#largest[place]!, Math.abs(weights[at]!));
      }
    }
  }

  /** Of each output channel. */
  rows(): Float64Array {
    const rows = new Float64Array(this.#rowFactors.length);
    let at = 0;
    for (let row = 0; row < rows.length; row++) {
      const first = Math.floor(row / this.#outputs) * this.#inputs;
      let most = 0;
      for (let input = 0; input < this.#inputs; input++, at++) {
        const value = this.#largest[at]! * this.#columnFactors[first + input]!;
        if (value > most) most = value;
      }
      rows[row] = most * this.#rowFactors[row]!;
    }
    return rows;
  }

  /** Of each channel of the data. */
  columns(): Float64Array {
    const columns = new Float64Array(this.#columnFactors.length);
    let at = 0;
    for (let row = 0; row < this.#rowFactors.length; row++) {
      const first = Math.floor(row / this.#outputs) * this.#inputs;
      const factor = this.#rowFactors[row]!;
      for (let input = 0; input < this.#inputs; input++, at++) {
        const value = this.#largest[at]! * factor;
        if (value > columns[first + input]!) columns[first + input] = value;
      }
    }
    return columns.map((value, column) => value * this.#columnFactors[column]!);
  }

  multiplyRow(row: number, factor: number): void {
    this.#rowFactors[row] = this.#rowFactors[row]! * factor;
  }

  multiplyColumn(column: number, factor: number): void {
    this.#columnFactors[column] = this.#columnFactors[column]! * factor;
  }
}
