import { StudioError } from '../base/errors.ts';
import type { DatasetSource } from '../services/operations/operation-map.ts';
import { optionalData, splitSettings, type DataOptions, type SplitOptions } from './options.ts';

/** What `--calibration-data` is to the commands that calibrate. */
export const CALIBRATION_SET_HELP = 'a set that does nothing but calibrate, in place of --data';

/**
 * The data that calibrates, or null without any: all of `--calibration-data`, or `--data`, of which `--calibration-share` takes
 * a part and leaves the rest to `evaluate` with the same options.
 * @throws USAGE when both sets are named, or see `splitSettings`
 */
export function calibrationSource(options: DataOptions & SplitOptions): DatasetSource | null {
  const { calibrationData } = options;
  if (calibrationData !== undefined && options.data !== undefined) {
    throw new StudioError('USAGE', '--data and --calibration-data both name calibration data', {
      hint: 'Name one of the two.',
    });
  }
  const data = optionalData(calibrationData === undefined ? options : { ...options, data: calibrationData });
  const cut = splitSettings(options);
  return data === null || cut === null ? data : { ...data, split: { part: 'calibration', ...cut } };
}
