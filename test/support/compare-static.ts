/** One test for each setting: Lapidary's static quantization is not worse than ONNX Runtime's own tool. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { machineInfo } from '../../main/engine/runtime/machine.ts';
import { startRunner, type Runner } from '../../main/engine/runtime/runner.ts';
import type { OpenStaticCase } from './static-cases.ts';
import { Compared, STATIC_RESULTS } from './static-results.ts';

/** dB that one may be worse: luck of rounding. */
const TOLERANCE_DB = 0.2;
/** From here on what is left is rounding of floats. */
const CLEAN_DB = 60;

/** Of detectors on a busy machine. */
const PATIENCE_MS = 300_000;

/** @param settings that are compared, of those that the tool could do */
export function compareWithTool(cases: ReadonlyMap<string, OpenStaticCase>, settings: readonly string[]): void {
  let runner: Runner;
  beforeAll(async () => {
    runner = await startRunner();
  });
  afterAll(() => runner.kill());

  const comparable = [...cases].filter(([name]) => doneOf(name, settings).length > 0);
  describe.each(comparable)('%s', (name, open) => {
    let opened: Promise<Compared> | undefined;
    // Without VNNI sums of products saturate, of the tool's models too.
    const test = it.skipIf(machineInfo('').vnni !== true);
    test.each(doneOf(name, settings))(
      '%s is not worse than by quantize_static',
      async (setting) => {
        const compared = await (opened ??= open().then((one) => Compared.of(one, runner)));
        const { sqnrDb } = await compared.quantize(setting);
        expect(sqnrDb).toBeGreaterThanOrEqual(
          Math.min(CLEAN_DB, STATIC_RESULTS[name]![setting]!.sqnrDb! - TOLERANCE_DB),
        );
      },
      PATIENCE_MS,
    );
  });
}

/** The settings under which the tool made a model that runs. */
function doneOf(name: string, settings: readonly string[]): readonly string[] {
  return settings.filter((setting) => typeof STATIC_RESULTS[name]?.[setting]?.sqnrDb === 'number');
}
