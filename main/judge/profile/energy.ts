import type { Profile } from '../../contract/results.ts';

/**
 * What the estimate reckons with, in 10⁻¹² joules, and what a kilowatt-hour stands for. From Horowitz 2014 (45 nm, 0.9 V): a
 * float32 product and sum 3.7 + 0.9, an int8 product and a sum in int32 0.2 + 0.1, 8 bytes from a cache of 1 MB 100, from
 * memory 1300 and more. Newer chips need less, processors more for what is around the arithmetic: change them to yours.
 */
export interface EnergyConstants {
  readonly picojoulesPerFloatMac: number;
  readonly picojoulesPerInt8Mac: number;
  readonly picojoulesPerActivationByte: number;
  readonly picojoulesPerWeightByte: number;
  /** Grams of CO₂ for a kilowatt-hour of the grid. */
  readonly gramsPerKilowattHour: number;
  /** Inferences that are reckoned up. */
  readonly inferences: number;
}

/** Weights are read from memory in each run, activations stay in a cache; the world's electricity in 2023 (Ember, Our World in Data). */
export const ENERGY_CONSTANTS: EnergyConstants = {
  picojoulesPerFloatMac: 4.6,
  picojoulesPerInt8Mac: 0.3,
  picojoulesPerActivationByte: 12.5,
  picojoulesPerWeightByte: 162.5,
  gramsPerKilowattHour: 480,
  inferences: 1_000_000,
};

/** Energy of one inference of one sample, and of many. */
export interface EnergyEstimate {
  /** Joules by what they are for; of one sample. */
  readonly arithmeticJoules: number;
  readonly activationJoules: number;
  readonly weightJoules: number;
  readonly joules: number;
  /** Of all inferences. */
  readonly wattHours: number;
  readonly grams: number;
}

/**
 * An estimate from multiply–accumulates and bytes: no sensor was read. It compares models that run alike; it leaves out what
 * the processor takes while it waits, and everything around it.
 */
export function estimateEnergy(
  { kernels, layers, batch }: Pick<Profile, 'kernels' | 'layers' | 'batch'>,
  constants: EnergyConstants = ENERGY_CONSTANTS,
): EnergyEstimate {
  const macs = new Map(layers.map((layer) => [layer.name, layer.macs ?? 0]));
  const integer = new Set<string>();
  for (const kernel of kernels) {
    if (!/^u?int8 /.test(kernel.inputShapes[0] ?? '')) continue;
    for (const source of kernel.sources) integer.add(source);
  }
  let arithmetic = 0;
  for (const [name, count] of macs) {
    arithmetic += count * (integer.has(name) ? constants.picojoulesPerInt8Mac : constants.picojoulesPerFloatMac);
  }
  const sum = (of: (kernel: Profile['kernels'][number]) => number): number =>
    kernels.reduce((total, kernel) => total + of(kernel), 0);
  const perSample = 1e-12 / Math.max(1, batch);
  const arithmeticJoules = arithmetic * perSample;
  const activationJoules =
    sum(({ activationBytes }) => activationBytes) * constants.picojoulesPerActivationByte * perSample;
  const weightJoules = sum(({ parameterBytes }) => parameterBytes) * constants.picojoulesPerWeightByte * perSample;
  const joules = arithmeticJoules + activationJoules + weightJoules;
  return { arithmeticJoules, activationJoules, weightJoules, joules, ...footprint(joules, constants) };
}

/** 1 J a million times is 278 Wh; at 480 g/kWh 133 g. */
export function footprint(
  joules: number,
  { inferences, gramsPerKilowattHour }: Pick<EnergyConstants, 'inferences' | 'gramsPerKilowattHour'>,
): { readonly wattHours: number; readonly grams: number } {
  const wattHours = (joules * inferences) / 3600;
  return { wattHours, grams: (wattHours / 1000) * gramsPerKilowattHour };
}
