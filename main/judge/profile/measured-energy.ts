import type { MeasuredEnergy } from '../../contract/energy.ts';
import { formatCount, formatNumber } from '../format.ts';

/** Joules as people read them: "1.2 J", "3.4 mJ". */
export function formatJoules(value: number): string {
  const size = Math.abs(value);
  if (size >= 1) return `${formatNumber(value)} J`;
  return size >= 1e-3 ? `${formatNumber(value * 1e3)} mJ` : `${formatNumber(value * 1e6)} µJ`;
}

/** What sensors told of a model, or why none could be read: a line each. */
export function measuredEnergyText({ sensors, measured }: MeasuredEnergy): readonly string[] {
  if (measured !== null) {
    const { joules, netJoules, watts, idleWatts, runs, seconds, from } = measured;
    return [
      `Measured: ${formatJoules(joules)} for a sample, ${formatJoules(netJoules)} above the idle machine`,
      `${formatNumber(watts)} W while it ran (${formatCount(runs)} runs in ${formatNumber(seconds)} s), ${formatNumber(idleWatts)} W idle; from ${from}`,
    ];
  }
  if (sensors.length === 0)
    return ['Not measured: this machine shows no sensor of energy (RAPL, battery, powermetrics).'];
  return sensors.map(({ kind, name, reason }) => `Not measured: ${kind} ${name}: ${reason ?? 'not read'}`);
}
