import { quantizePlan } from '../../engine/quantize/quantize-plan.ts';
import { isTooNew } from '../../engine/runtime/model-source.ts';
import { machineInfo } from '../../engine/runtime/machine.ts';
import { timeWidths } from '../../engine/prune/structure/width-times.ts';
import { channelPlan } from './channel-plan.ts';
import { prunePlan } from '../../engine/prune/elements/prune-plan.ts';
import { proveWritten } from '../../engine/passes/prove-written.ts';
import type { TaskContext } from '../../base/progress.ts';
import { apply } from './apply.ts';
import { compare } from './compare.ts';
import { copyModel } from './copy-model.ts';
import { dataset, overlap } from './datasets.ts';
import { doctor } from './doctor.ts';
import { energy } from './energy.ts';
import { errors } from './errors.ts';
import { evaluate } from './evaluate.ts';
import { graph } from './graph-view.ts';
import { inspect, problems, summary } from './inspect.ts';
import { layerTrials } from './layer-trials.ts';
import { layerValues } from './layer-values.ts';
import { layer, layerJson, layers } from './layers.ts';
import { latency } from './latency.ts';
import { machine } from './machine.ts';
import { openRunnable, openShared } from './opened-models.ts';
import type { OperationName, OperationParams, OperationResult } from './operation-map.ts';
import { peaks } from './peaks.ts';
import { importTrace, profile, sweep } from './profile.ts';
import { runReport } from './run-report.ts';
import { runners, withThreadRunner } from './runners.ts';
import { dataPreview } from './data-preview.ts';
import { picture } from './picture.ts';
import { presetTrials } from './preset-trials.ts';
import { samplePicture } from './sample-picture.ts';
import { searchSpace } from './search-space.ts';
import { sensitivity } from './sensitivity.ts';
import { suspects } from './suspects.ts';
import { tensor } from './tensor-stats.ts';
import { tensorFile, tensorPage, tensorView } from './tensor-view.ts';

type Operations = {
  readonly [N in OperationName]: (params: OperationParams<N>, context: TaskContext) => Promise<OperationResult<N>>;
};

const operations: Operations = {
  inspect,
  summary,
  problems,
  picture,
  graph,
  layers,
  layer,
  layerJson,
  tensor,
  tensorView,
  tensorPage,
  tensorFile,
  dataset,
  overlap,
  apply,
  latency,
  profile,
  importTrace,
  sweep,
  peaks,
  evaluate,
  runReport,
  energy,
  suspects,
  errors,
  doctor,
  compare,
  machine,
  prunePlan: async ({ path }, { signal }) => {
    const { model } = await openShared(path);
    const { edges, layers, frozen } = await prunePlan(model, { runners, signal });
    return { edges, layers: [...layers], frozen: [...frozen] };
  },
  channelPlan,
  widthTimes: async ({ path, align, minimum }, context) => {
    const { model } = await openRunnable(path, context.signal);
    return withThreadRunner(context.signal, (runner) => timeWidths(model, { align, minimum }, runner, context));
  },
  sensitivity,
  layerTrials,
  samplePicture,
  dataPreview,
  tryPresets: presetTrials,
  layerValues,
  searchSpace,
  quantizePlan: async ({ path }, { signal }) => {
    const { model } = await openShared(path);
    return { ...(await quantizePlan(model, { runners, signal })), vnni: machineInfo('').vnni };
  },
  copyModel: async ({ path, output }, context) => {
    const { model } = await openShared(path);
    return runners.use(
      (runner) => {
        // The very bytes: of a version that the runtime refuses they cannot be run.
        const prove = async (file: string): Promise<void> =>
          isTooNew(model) ? undefined : proveWritten(file, { model, source: model }, runner, context);
        return copyModel(path, output, { signal: context.signal, prove });
      },
      { signal: context.signal },
    );
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
