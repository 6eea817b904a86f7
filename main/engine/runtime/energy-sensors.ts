import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { EnergySensor } from '../../contract/energy.ts';

/** Where a system tells of its sensors; made folders in tests. */
export interface SensorPlace {
  readonly platform: string;
  /** "/sys" of Linux. */
  readonly sys: string;
  /** Runs a program and gives what it prints. @throws where it fails */
  readonly run: (program: string, args: readonly string[]) => Promise<string>;
}

/** This machine. */
export function hereAsPlace(): SensorPlace {
  const run = async (program: string, args: readonly string[]): Promise<string> =>
    (await promisify(execFile)(program, [...args], { timeout: 10_000 })).stdout;
  return { platform: process.platform, sys: '/sys', run };
}

/** A sensor, and how it is read where it can be. */
export interface FoundSensor extends EnergySensor {
  /** Joules so far, from any beginning; counters that run over are unrolled. Only of counters. */
  readonly joules?: () => Promise<number>;
  /** Watts now. Of sensors that tell power, which is to be asked again and again. */
  readonly watts?: () => Promise<number>;
}

/**
 * Sensors of energy: RAPL's counters for each package of the processor (Linux powercap), what a battery gives off while it is not
 * charged, and powermetrics of macOS where sudo asks for no password. What is there and cannot be read is told with the reason.
 * @see https://docs.kernel.org/power/powercap/powercap.html
 */
export async function findEnergySensors(place: SensorPlace): Promise<readonly FoundSensor[]> {
  if (place.platform === 'darwin') return [await powermetrics(place)];
  if (place.platform !== 'linux') return [];
  return [...(await raplSensors(place.sys)), ...(await batteries(place.sys))];
}

async function raplSensors(sys: string): Promise<readonly FoundSensor[]> {
  const folder = join(sys, 'class', 'powercap');
  // "intel-rapl:0" is a package, "intel-rapl:0:0" a part of it; AMD's counters bear the same names.
  const zones = (await entries(folder)).filter((name) => /^[\w-]*rapl(?:-mmio)?:\d+$/u.test(name)).sort();
  return Promise.all(zones.map((zone) => raplSensor(join(folder, zone))));
}

async function raplSensor(folder: string): Promise<FoundSensor> {
  const name = (await text(join(folder, 'name'))) ?? folder;
  const counter = join(folder, 'energy_uj');
  try {
    let last = Number(await readFile(counter, 'utf8'));
    const range = Number((await text(join(folder, 'max_energy_range_uj'))) ?? Number.NaN);
    let turned = 0;
    const joules = async (): Promise<number> => {
      const now = Number(await readFile(counter, 'utf8'));
      if (now < last && range > 0) turned += range;
      last = now;
      return (turned + now) / 1e6;
    };
    return { kind: 'rapl', name, readable: true, reason: null, joules };
  } catch (error) {
    const refused = (error as NodeJS.ErrnoException).code === 'EACCES';
    return {
      kind: 'rapl',
      name,
      readable: false,
      reason: refused
        ? `only root may read ${counter} (since Linux 5.10): sudo chmod a+r ${counter}, until the next start`
        : `${counter} cannot be read (${(error as Error).message})`,
    };
  }
}

async function batteries(sys: string): Promise<readonly FoundSensor[]> {
  const folder = join(sys, 'class', 'power_supply');
  const found: FoundSensor[] = [];
  for (const name of (await entries(folder)).toSorted()) {
    if ((await text(join(folder, name, 'type'))) === 'Battery') found.push(await battery(join(folder, name), name));
  }
  return found;
}

async function battery(folder: string, name: string): Promise<FoundSensor> {
  const about = { kind: 'battery', name } as const;
  const status = await text(join(folder, 'status'));
  if (status !== 'Discharging') {
    const reason = `it is ${status === null ? 'not telling' : status.toLowerCase()}: take the machine off its charger`;
    return { ...about, readable: false, reason };
  }
  const watts = async (): Promise<number> => {
    const power = await text(join(folder, 'power_now'));
    if (power !== null) return Number(power) / 1e6;
    const [current, voltage] = await Promise.all(
      ['current_now', 'voltage_now'].map((file) => text(join(folder, file))),
    );
    return (Number(current ?? Number.NaN) / 1e6) * (Number(voltage ?? Number.NaN) / 1e6);
  };
  if (Number.isFinite(await watts())) return { ...about, readable: true, reason: null, watts };
  return { ...about, readable: false, reason: 'it tells neither power nor current and voltage' };
}

async function powermetrics({ run }: SensorPlace): Promise<FoundSensor> {
  const about = { kind: 'powermetrics', name: 'powermetrics' } as const;
  const watts = async (): Promise<number> =>
    powerOf(await run('sudo', ['-n', 'powermetrics', '--samplers', 'cpu_power', '-i', '200', '-n', '1']));
  try {
    if (Number.isFinite(await watts())) return { ...about, readable: true, reason: null, watts };
    return { ...about, readable: false, reason: 'powermetrics told no power' };
  } catch {
    const reason =
      'powermetrics needs root: run “sudo -v” in the terminal that starts Lapidary just before, or allow it in sudoers';
    return { ...about, readable: false, reason };
  }
}

/** Watts in what powermetrics prints: "Combined Power (CPU + GPU + ANE): 4321 mW", on Intel "… Package Power …: 12.3W". */
export function powerOf(printed: string): number {
  const milli = (/^Combined Power[^:]*:\s*([\d.]+)\s*mW/mu.exec(printed) ??
    /^CPU Power:\s*([\d.]+)\s*mW/mu.exec(printed))?.[1];
  if (milli !== undefined) return Number(milli) / 1000;
  return Number(/package power[^:]*:\s*([\d.]+)\s*W/imu.exec(printed)?.[1] ?? Number.NaN);
}

async function entries(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

async function text(file: string): Promise<string | null> {
  return readFile(file, 'utf8').then(
    (content) => content.trim(),
    () => null,
  );
}
