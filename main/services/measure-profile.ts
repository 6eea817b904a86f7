import type { RunSettings } from '../contract/machine.ts';
import type { Profile } from '../contract/results.ts';
import type { TaskContext } from '../base/progress.ts';
import { profileMeasurements, softwareOf } from './measurements.ts';
import { circumstancesOn } from './operations/circumstances.ts';
import type { MeasureContext } from './studio-context.ts';
import { requireOutput } from './trial-state.ts';

/** What is profiled, and how; null: as many runs as the engine finds right. */
export interface ProfileRequest {
  readonly trialId: string;
  readonly settings: RunSettings;
  readonly runs: number | null;
  readonly warmup: number | null;
  /** Where the raw trace goes; null: it is not kept. */
  readonly trace: string | null;
}

/** Profiles a trial's model. Timed alone: a measurement of its own, not the one that trials are compared by. */
export async function measureProfile(
  context: MeasureContext,
  { trialId, ...how }: ProfileRequest,
  task: TaskContext,
): Promise<Profile> {
  const path = await requireOutput(context, trialId);
  const profile = await context.work.call('profile', { path, inputs: null, ...how }, task);
  const at = Date.now();
  const { machine, batch, dims } = profile;
  const measured = {
    trialId,
    circumstances: circumstancesOn(machine, { batch, dims }),
    software: softwareOf(context.version, machine),
    at,
  };
  const measurements = profileMeasurements(profile, measured);
  await context.workspace.record(trialId, { results: { profile }, measurements, at });
  return profile;
}
