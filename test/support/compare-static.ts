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

  describe.each([...cases])('%s', (name, open) => {
    let opened: Promise<Compared> | undefined;
    const known = STATIC_RESULTS[name] ?? {};
    const done = settings.filter((setting) => known[setting]?.sqnrDb !== undefined);
    if (done.length === 0) return;
    // Without VNNI sums of products saturate, of the tool's models too.
    const test = it.skipIf(machineInfo('').vnni !== true);
    test.each(done)(
      '%s is not worse than by quantize_static',
      async (setting) => {
        const compared = await (opened ??= open().then((one) => Compared.of(one, runner)));
        const { sqnrDb } = await compared.quantize(setting);
        expect(sqnrDb).toBeGreaterThanOrEqual(Math.min(CLEAN_DB, known[setting]!.sqnrDb! - TOLERANCE_DB));
      },
      PATIENCE_MS,
    );
  });
}
