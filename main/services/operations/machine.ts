import { machineInfo } from '../../engine/runtime/machine.ts';
import { probeProviders } from '../../engine/runtime/providers.ts';
import { howToGet } from '../../judge/providers.ts';
import type { OperationResult } from './operation-map.ts';
import type { TaskContext } from '../../base/progress.ts';
import { withThreadRunner } from './runners.ts';

/** This machine, and which providers start on it. */
export async function machine(
  _params: Record<string, never>,
  { signal }: TaskContext,
): Promise<OperationResult<'machine'>> {
  const onnxruntime = await withThreadRunner(signal, async (runner) => runner.about.onnxruntime);
  const providers = await probeProviders({ signal });
  return {
    machine: machineInfo(onnxruntime),
    providers: providers.map((provider) => ({
      ...provider,
      how: provider.available ? null : howToGet(provider.name, process),
    })),
  };
}
