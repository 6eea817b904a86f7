/** Runs a model before and after a pass on the same inputs: every output must be equal to float rounding. */
import { expect } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { checkPass } from '../../../../main/engine/passes/check-pass.ts';
import type { PassContext } from '../../../../main/engine/passes/pass.ts';
import { lendRunner } from '../../../../main/engine/runtime/runner-pool.ts';
import type { Runner } from '../../../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';

/** @param feeds made ones when not given */
export async function expectEqual(
  runner: Runner,
  before: Model,
  after: Model,
  feeds?: HostTensors | undefined,
): Promise<void> {
  expect(await checkPass({ before, after }, feeds, runner, quietContext())).toBeNull();
}

/** What passes take, around one runner. */
export function passContext(runner: Runner): PassContext {
  return { runners: lendRunner(runner), signal: quietContext().signal };
}
