import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { meter, metersOf } from '../../../../main/engine/runtime/energy-meter.ts';
import { findEnergySensors, powerOf, type SensorPlace } from '../../../../main/engine/runtime/energy-sensors.ts';

let sys = '';
beforeEach(async () => {
  sys = await mkdtemp(join(tmpdir(), 'lapidary-sys-'));
});
afterEach(() => rm(sys, { recursive: true, force: true }));

const write = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(join(sys, path)), { recursive: true });
  await writeFile(join(sys, path), `${text}\n`);
};
const refused = (): Promise<string> => Promise.reject(new Error('a password is required'));
const linux = (): SensorPlace => ({ platform: 'linux', sys, run: refused });

const package0 = async (energy: number): Promise<void> => {
  await write('class/powercap/intel-rapl:0/name', 'package-0');
  await write('class/powercap/intel-rapl:0/max_energy_range_uj', '1000000');
  await write('class/powercap/intel-rapl:0/energy_uj', String(energy));
};

describe('RAPL', () => {
  it('is read by package, without their parts, which are in them', async () => {
    await package0(500_000);
    await write('class/powercap/intel-rapl:0:0/name', 'core');
    await write('class/powercap/intel-rapl:0:0/energy_uj', '1');
    const sensors = await findEnergySensors(linux());
    expect(sensors).toMatchObject([{ kind: 'rapl', name: 'package-0', readable: true, reason: null }]);
  });

  it('counts the joules of the work alone, over the end of the counter too', async () => {
    await package0(900_000);
    const meters = metersOf(await findEnergySensors(linux()));
    const plain = await meter(meters, () => package0(950_000).then(() => 'done'));
    expect(plain.value).toBe('done');
    expect(plain.joules).toBeCloseTo(0.05, 9);
    // 950 000 → 1 000 000 = 0 → 30 000 microjoules
    expect((await meter(meters, () => package0(30_000))).joules).toBeCloseTo(0.08, 9);
  });

  it('that is there and cannot be read says why', async () => {
    await write('class/powercap/intel-rapl:0/name', 'package-0');
    // a folder in place of the counter: nobody can read it as a file, root neither
    await mkdir(join(sys, 'class/powercap/intel-rapl:0/energy_uj'));
    const [sensor] = await findEnergySensors(linux());
    expect(sensor).toMatchObject({ kind: 'rapl', name: 'package-0', readable: false });
    expect(sensor!.reason).toContain('energy_uj');
    expect(metersOf([sensor!])).toEqual([]);
  });
});

describe('a battery', () => {
  it('tells power while it is discharged', async () => {
    await write('class/power_supply/BAT0/type', 'Battery');
    await write('class/power_supply/BAT0/status', 'Discharging');
    await write('class/power_supply/BAT0/current_now', '500000');
    await write('class/power_supply/BAT0/voltage_now', '12000000');
    await write('class/power_supply/AC/type', 'Mains');
    const sensors = await findEnergySensors(linux());
    expect(sensors).toMatchObject([{ kind: 'battery', name: 'BAT0', readable: true }]);
    expect(await sensors[0]!.watts!()).toBeCloseTo(6, 9);
    const { joules, seconds } = await meter(metersOf(sensors), () => new Promise((done) => setTimeout(done, 100)));
    // 6 W for as long as it took
    expect(joules / seconds).toBeGreaterThan(5);
    expect(joules / seconds).toBeLessThan(7);
  });

  it('that is charged says what to do', async () => {
    await write('class/power_supply/BAT0/type', 'Battery');
    await write('class/power_supply/BAT0/status', 'Charging');
    const [sensor] = await findEnergySensors(linux());
    expect(sensor).toMatchObject({ readable: false, reason: 'it is charging: take the machine off its charger' });
  });
});

it('the processor’s counters are taken before the battery, which would count them again', async () => {
  await package0(1);
  await write('class/power_supply/BAT0/type', 'Battery');
  await write('class/power_supply/BAT0/status', 'Discharging');
  await write('class/power_supply/BAT0/power_now', '5000000');
  const sensors = await findEnergySensors(linux());
  expect(sensors.map(({ readable }) => readable)).toEqual([true, true]);
  expect(metersOf(sensors).map(({ kind }) => kind)).toEqual(['rapl']);
});

it('a machine without sensors has none', async () => {
  expect(await findEnergySensors(linux())).toEqual([]);
  expect(await findEnergySensors({ ...linux(), platform: 'win32' })).toEqual([]);
});

describe('powermetrics', () => {
  it('is read where sudo asks for no password', async () => {
    const run = (): Promise<string> =>
      Promise.resolve('CPU Power: 900 mW\nCombined Power (CPU + GPU + ANE): 4321 mW\n');
    const [sensor] = await findEnergySensors({ platform: 'darwin', sys, run });
    expect(sensor).toMatchObject({ kind: 'powermetrics', readable: true });
  });

  it('says that it needs root otherwise', async () => {
    const [sensor] = await findEnergySensors({ platform: 'darwin', sys, run: refused });
    expect(sensor).toMatchObject({ readable: false });
    expect(sensor!.reason).toContain('needs root');
  });

  it.each([
    ['Combined Power (CPU + GPU + ANE): 4321 mW', 4.321],
    ['Intel energy model derived package power (CPUs+GT+SA): 12.30W', 12.3],
    ['nothing of it', Number.NaN],
  ])('reads “%s”', (text, watts) => expect(powerOf(text)).toBe(watts));
});
