import { setTimeout as pause } from 'node:timers/promises';
import type { FoundSensor } from './energy-sensors.ts';

/** How often a sensor of power is asked. */
const ASKED_EVERY_MS = 200;

export interface MeteredWork<T> {
  readonly value: T;
  readonly joules: number;
  readonly seconds: number;
}

/**
 * The sensors that together tell what the machine takes, without counting anything twice: all packages of RAPL, else powermetrics,
 * else the batteries. Empty: none can be read.
 */
export function metersOf(sensors: readonly FoundSensor[]): readonly FoundSensor[] {
  for (const kind of ['rapl', 'powermetrics', 'battery'] as const) {
    const readable = sensors.filter((sensor) => sensor.kind === kind && sensor.readable);
    if (readable.length > 0) return readable;
  }
  return [];
}

/** Does work and reads what the machine takes meanwhile; power is taken for steady between two questions. */
export async function meter<T>(meters: readonly FoundSensor[], work: () => Promise<T>): Promise<MeteredWork<T>> {
  const start = process.hrtime.bigint();
  const seconds = (): number => Number(process.hrtime.bigint() - start) / 1e9;
  const counted = async (): Promise<number> => sum(await Promise.all(meters.map(({ joules }) => joules?.() ?? 0)));
  const before = await counted();
  const stop = new AbortController();
  const powered = integrate(meters, seconds, stop.signal);
  try {
    const value = await work();
    // Read at once: what comes after is not of the work.
    const after = await counted();
    const took = seconds();
    stop.abort();
    return { value, joules: after - before + (await powered), seconds: took };
  } finally {
    stop.abort();
  }
}

/** Joules of the sensors that tell power, until the signal. */
async function integrate(meters: readonly FoundSensor[], seconds: () => number, signal: AbortSignal): Promise<number> {
  const asked = meters.flatMap(({ watts }) => watts ?? []);
  if (asked.length === 0) return 0;
  let joules = 0;
  let last = 0;
  do {
    const power = sum(await Promise.all(asked.map((watts) => watts())));
    await pause(ASKED_EVERY_MS, undefined, { signal }).catch(() => undefined);
    const now = seconds();
    joules += power * (now - last);
    last = now;
  } while (!signal.aborted);
  return joules;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
