import { setTimeout as pause } from 'node:timers/promises';
import { throwIfCancelled } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { EnergySensor, MeasuredEnergy } from '../../contract/energy.ts';
import type { RunSettings } from '../../contract/machine.ts';
import type { OpenedFile } from '../onnx/open.ts';
import { runnableSource } from '../passes/name-nodes.ts';
import { meter, metersOf } from '../runtime/energy-meter.ts';
import { findEnergySensors, type FoundSensor, type SensorPlace } from '../runtime/energy-sensors.ts';
import { runOnMadeInputs } from '../runtime/run-made.ts';
import type { RunnerSource } from '../runtime/runner-pool.ts';

/** Long enough for counters that move every millisecond, and for a battery that tells twice a second. */
const LASTING = { idleSeconds: 1.5, runSeconds: 4 } as const;

/** What is measured, with which sensors, and for how long. */
export interface EnergyRequest {
  readonly runners: RunnerSource;
  readonly settings: RunSettings;
  readonly place: SensorPlace;
  readonly lasting?: { readonly idleSeconds: number; readonly runSeconds: number };
}

const WHAT = {
  rapl: 'RAPL counters of the processor (cores, caches, memory controller; not the rest of the machine)',
  battery: 'what the battery gives (the whole machine, screen included)',
  powermetrics: 'powermetrics (processor, GPU and Neural Engine, as macOS reckons them)',
} as const;

/**
 * Energy of an inference from this machine's sensors: what they count while the model runs over and over for some seconds, in all
 * and less what the idle machine takes. Where none can be read, the reasons; nothing is estimated here.
 * @throws what loading and running throw; CANCELLED
 */
export async function measureEnergy(
  opened: Pick<OpenedFile, 'model' | 'path'>,
  { runners, settings, place, lasting = LASTING }: EnergyRequest,
  { signal, progress }: TaskContext,
): Promise<MeasuredEnergy> {
  const found = await findEnergySensors(place);
  const sensors = found.map(told);
  const meters = metersOf(found);
  const [first] = meters;
  if (first === undefined) return { sensors, measured: null };
  const { provider, threads, batch, dims } = settings;
  return runners.use(
    async (runner) => {
      progress({ stage: 'Loading', done: 0, total: undefined });
      const session = await runner.load(runnableSource(opened), { provider, threads }, { signal });
      try {
        const { inputs } = await runOnMadeInputs(session, opened.model, { batch, dims }, { signal });
        await session.time(inputs.feeds, { warmup: null, runs: 1 }, { signal });
        progress({ stage: 'Reading the idle machine', done: 0, total: undefined });
        const idle = await meter(meters, () => pause(lasting.idleSeconds * 1000));
        throwIfCancelled(signal);
        progress({ stage: 'Running', done: 0, total: undefined });
        const seconds = lasting.runSeconds;
        const plan = { warmup: 0, minSeconds: seconds, enoughSeconds: seconds, maxSeconds: 2 * seconds };
        const ran = await meter(meters, () => session.time(inputs.feeds, plan, { signal }));
        const runs = ran.value.timesMs.length + ran.value.uncounted.length;
        const samples = runs * inputs.batch;
        const idleWatts = idle.joules / idle.seconds;
        return {
          sensors,
          measured: {
            from: `${meters.map(({ name }) => name).join(', ')}: ${WHAT[first.kind]}`,
            runs,
            seconds: ran.seconds,
            batch: inputs.batch,
            joules: ran.joules / samples,
            netJoules: (ran.joules - idleWatts * ran.seconds) / samples,
            idleWatts,
            watts: ran.joules / ran.seconds,
          },
        };
      } finally {
        if (runner.alive) await session.close();
      }
    },
    { signal },
  );
}

function told({ kind, name, readable, reason }: FoundSensor): EnergySensor {
  return { kind, name, readable, reason };
}
