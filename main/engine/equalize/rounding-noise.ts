/** What is known of data with channels, and of the weights that meet them. */
export interface SmoothedData {
  /** Of each channel. */
  readonly least: Float64Array;
  readonly largest: Float64Array;
  /** Mean of its squares. */
  readonly squares: Float64Array;
  /** Of each layer [channels, outputs]. */
  readonly weights: readonly { readonly outputs: number; readonly rows: Float64Array }[];
}

/** Codes of data with one scale, and of weights with one for each output: steps between the ends of their ranges. */
const DATA_STEPS = 255;
const WEIGHT_STEPS = 254;

/**
 * The expected squared error of the layers' outputs at 8 bits, over their expected square, when each channel is divided by its
 * factor and its weights are multiplied by it. A rounding is noise of Δ²/12, independent of what is rounded; channels are taken
 * as independent of each other:
 *   E = Σ_j Δx²/12·|s_j·W_j|² + Σ_j E[x_j²]/s_j² · Σ_m Δ_m²/12, with Δx = (max x/s − min x/s)/255 and Δ_m = 2·max_j|s_j·w_jm|/254.
 * @param factors of each channel
 */
export function expectedError({ least, largest, squares, weights }: SmoothedData, factors: Float64Array): number {
  let [low, high] = [0, 0];
  for (let j = 0; j < factors.length; j++) {
    low = Math.min(low, least[j]! / factors[j]!);
    high = Math.max(high, largest[j]! / factors[j]!);
  }
  const dataNoise = ((high - low) / DATA_STEPS) ** 2 / 12;
  let [error, power] = [0, 0];
  for (const { outputs, rows } of weights) {
    const widest = new Float64Array(outputs);
    for (let at = 0; at < rows.length; at++) {
      const scaled = Math.abs(rows[at]! * factors[Math.floor(at / outputs)]!);
      if (scaled > widest[at % outputs]!) widest[at % outputs] = scaled;
    }
    const weightNoise = widest.reduce((sum, most) => sum + ((2 * most) / WEIGHT_STEPS) ** 2 / 12, 0);
    for (let j = 0; j < factors.length; j++) {
      let norm = 0;
      for (let m = 0; m < outputs; m++) norm += rows[j * outputs + m]! ** 2;
      error += dataNoise * norm * factors[j]! ** 2 + (squares[j]! / factors[j]! ** 2) * weightNoise;
      power += squares[j]! * norm;
    }
  }
  return power > 0 ? error / power : 0;
}
