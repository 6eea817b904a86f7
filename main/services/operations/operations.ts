import { copyFile, rm, stat } from 'node:fs/promises';
import { constants } from 'node:fs';
import { quantizePlan } from '../../engine/quantize/quantize-plan.ts';
import { machineInfo } from '../../engine/runtime/machine.ts';
import { prunePlan } from '../../engine/prune/prune-plan.ts';
import { saveModel } from '../../engine/onnx/save.ts';
import { StudioError } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import { apply } from './apply.ts';
import { compare } from './compare.ts';
import { dataset, overlap } from './datasets.ts';
import { errors } from './errors.ts';
import { evaluate } from './evaluate.ts';
import { graph } from './graph-view.ts';
import { inspect } from './inspect.ts';
import { latency } from './latency.ts';
import { machine } from './machine.ts';
import { openShared } from './opened-models.ts';
import type { OperationName, OperationParams, OperationResult } from './operation-map.ts';
import { profile } from './profile.ts';
import { runners } from './runners.ts';
import { tensor } from './tensor-stats.ts';

type Operations = {
  readonly [N in OperationName]: (params: OperationParams<N>, context: TaskContext) => Promise<OperationResult<N>>;
};

const operations: Operations = {
  inspect,
  graph,
  tensor,
  dataset,
  overlap,
  apply,
  latency,
  profile,
  evaluate,
  errors,
  compare,
  machine,
  prunePlan: async ({ path }, { signal }) => {
    const { model } = await openShared(path);
    const { edges, layers, frozen } = await prunePlan(model, { runners, signal });
    return { edges, layers: [...layers], frozen: [...frozen] };
  },
  quantizePlan: async ({ path }, { signal }) => {
    const { model } = await openShared(path);
    return { layers: [...(await quantizePlan(model, { runners, signal }))], vnni: machineInfo('').vnni };
  },
  copyModel: async ({ path, output }, { signal }) => {
    const { model, externalBytes } = await openShared(path);
    if (externalBytes > 0) return saveModel(model, output, { signal });
    return copyWhole(path, output);
  },
};

/** Runs one operation by its name. */
export function runOperation<N extends OperationName>(
  name: N,
  params: OperationParams<N>,
  context: TaskContext,
): Promise<OperationResult<N>> {
  return operations[name](params, context);
}

/** The very bytes that were measured. */
async function copyWhole(path: string, output: string): Promise<{ bytes: number }> {
  try {
    await copyFile(path, output, constants.COPYFILE_FICLONE);
    return { bytes: (await stat(output)).size };
  } catch (cause) {
    await rm(output, { force: true });
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new StudioError('WRITE_FAILED', `The model cannot be written: ${message}`, {
      hint: 'Check the free disk space and your rights.',
      cause,
    });
  }
}
