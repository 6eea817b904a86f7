import { QueryClient, useQuery } from '@tanstack/react-query';
import type { UseQueryResult } from '@tanstack/react-query';
import type { Tried } from '../../main/contract/layer-trials.ts';
import type { MethodName, ParamsIn, Result } from '../../main/contract/methods.ts';
import { asEngineError } from '../rpc/engine-error.ts';
import type { EngineError } from '../rpc/engine-error.ts';
import { engine } from './engine.ts';

declare module '@tanstack/react-query' {
  interface Register {
    defaultError: EngineError;
  }
}

/** An answer of the engine, on its way or there; while it is fetched again the old one stays. */
export type EngineResult<M extends MethodName> = UseQueryResult<Result<M>>;

/**
 * Answers of the engine that several views read, each fetched once and kept until `forget`: the engine tells by events when
 * one is old, so nothing goes stale by time, and what fails says so at once instead of trying again unseen.
 */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Infinity,
      gcTime: Infinity,
      retry: false,
      networkMode: 'always',
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      structuralSharing: false,
    },
  },
});

/**
 * How the answer of a method is fetched and kept.
 * @param id what the answer is about: a trial's or model's id, with the tensor where there is one; null: nothing to fetch
 */
export function engineQuery<M extends MethodName>(method: M, id: string | null, params: ParamsIn<M>) {
  return {
    queryKey: [method, id] as const,
    queryFn: async (): Promise<Result<M>> => {
      try {
        return await engine().call(method, params);
      } catch (error) {
        throw asEngineError(error);
      }
    },
    enabled: id !== null,
  };
}

/** An answer of the engine, fetched at the first use and again after `forget`. See {@link engineQuery}. */
export function useEngineResult<M extends MethodName>(
  method: M,
  id: string | null,
  params: ParamsIn<M>,
): EngineResult<M> {
  return useQuery<Result<M>>(engineQuery(method, id, params), queries);
}

/** Puts an answer that came by another way (a job's result) where everyone looks for it; one still being fetched is older. */
export function putResult<M extends MethodName>(method: M, id: string, value: Result<M>): void {
  void queries.cancelQueries({ queryKey: [method, id] });
  queries.setQueryData([method, id], value);
}

/**
 * Fetches again everything whose key the test accepts: now what is looked at, the rest when it is. Answers under way are
 * asked for again too: they may have been made before what changed.
 */
export function forget(test: (method: MethodName, id: string) => boolean): void {
  const filters = {
    predicate: ({ queryKey: [method, id] }: { readonly queryKey: readonly unknown[] }): boolean =>
      typeof id === 'string' && test(method as MethodName, id),
  };
  void queries.cancelQueries(filters);
  void queries.invalidateQueries(filters);
}

/** Forgets all answers: another model is opened. */
export function clearResults(): void {
  queries.clear();
}

/** The layers of the opened model, each as this trial has it. */
export const useTrialLayers = (trialId: string | null): EngineResult<'trial.layers'> =>
  useEngineResult('trial.layers', trialId, { trialId: trialId ?? '' });

/** The nodes of one layer with their attributes and weights. */
export const useTrialLayer = (trialId: string | null, layer: string | null): EngineResult<'trial.layer'> =>
  useEngineResult('trial.layer', trialId === null || layer === null ? null : `${trialId}|${layer}`, {
    trialId: trialId ?? '',
    layer: layer ?? '',
  });

/** The graph of a trial's output model as it is written. */
export const useTrialGraph = (trialId: string | null): EngineResult<'trial.graph'> =>
  useEngineResult('trial.graph', trialId, { trialId: trialId ?? '' });

/** The kept sweep of a trial's session settings; null when none was made. */
export const useTrialSweep = (trialId: string | null): EngineResult<'trial.sweep'> =>
  useEngineResult('trial.sweep', trialId, { trialId: trialId ?? '' });

/** What this machine can do at most with these threads; null: not measured yet. */
export const useMachinePeaks = ({ provider, threads }: ParamsIn<'machine.peaks'>): EngineResult<'machine.peaks'> =>
  useEngineResult('machine.peaks', machineKey({ provider, threads }), { provider, threads });

/** Under which peaks are kept in the window. */
export function machineKey({ provider = 'cpu', threads = null }: ParamsIn<'machine.peaks'>): string {
  return `${provider}, ${threads ?? 'all'}`;
}

/** The kept profile of a trial; null when it was never profiled. */
export const useTrialProfile = (trialId: string | null): EngineResult<'trial.profile'> =>
  useEngineResult('trial.profile', trialId, { trialId: trialId ?? '' });

/** What looked wrong in a trial over data; null when nobody looked. */
export const useTrialSuspects = (trialId: string | null): EngineResult<'trial.suspects'> =>
  useEngineResult('trial.suspects', trialId, { trialId: trialId ?? '' });

/** The kept error table of a trial; null when it was never made. */
export const useTrialErrors = (trialId: string | null): EngineResult<'trial.errors'> =>
  useEngineResult('trial.errors', trialId, { trialId: trialId ?? '' });

/** What the doctor found last in a trial; null when it was never examined. */
export const useTrialDoctor = (trialId: string | null): EngineResult<'trial.doctor'> =>
  useEngineResult('trial.doctor', trialId, { trialId: trialId ?? '' });

/** A sample as the model gets it; null where that is no picture. */
export const useSamplePicture = (
  modelId: string | null,
  datasetId: string,
  index: number,
): EngineResult<'dataset.sample'> =>
  useEngineResult('dataset.sample', modelId === null ? null : `${modelId}|${datasetId}|${index}`, {
    modelId: modelId ?? '',
    datasetId,
    index,
  });

/** How the values of a quantized layer are spread. */
export const useLayerValues = (
  trialId: string | null,
  layer: string | null,
  datasetId: string | null,
): EngineResult<'trial.values'> =>
  useEngineResult(
    'trial.values',
    trialId === null || layer === null || datasetId === null ? null : `${trialId}|${layer}|${datasetId}`,
    { trialId: trialId ?? '', layer: layer ?? '', datasetId: datasetId ?? '' },
  );

/** Results of a trial in full: its layers, its confusion matrix. */
export const useTrialDetails = (trialId: string | null): EngineResult<'trial.details'> =>
  useEngineResult('trial.details', trialId, { trialId: trialId ?? '' });

/** Statistics of one weight. */
export const useTensorStats = (trialId: string | null, tensor: string | null): EngineResult<'trial.tensor'> =>
  useEngineResult('trial.tensor', trialId === null || tensor === null ? null : `${trialId}|${tensor}`, {
    trialId: trialId ?? '',
    tensor: tensor ?? '',
  });

/** The training that made a trial, or makes it now; null when none did. */
export const useTraining = (trialId: string | null): EngineResult<'trial.training'> =>
  useEngineResult('trial.training', trialId, { trialId: trialId ?? '' });

/** What the pruning slider needs. */
export const usePrunePlan = (modelId: string | null): EngineResult<'prune.plan'> =>
  useEngineResult('prune.plan', modelId, { modelId: modelId ?? '' });

/** What the sliders of channel pruning need. */
export const useChannelPlan = (modelId: string | null): EngineResult<'prune.channels'> =>
  useEngineResult('prune.channels', modelId, { modelId: modelId ?? '' });

/** What each group of channels costs when it is cut alone, as far as measured; null: nothing yet. */
export const useSensitivity = (modelId: string | null): EngineResult<'prune.sensitivity'> =>
  useEngineResult('prune.sensitivity', modelId, { modelId: modelId ?? '' });

/** How long cuts of a model with these shapes take on this machine; null: not timed yet. */
export const useWidthTimes = (shapes: string | null, align: number): EngineResult<'prune.times'> =>
  useEngineResult('prune.times', shapes === null ? null : widthTimesId(shapes, align), { shapes: shapes ?? '', align });

/** Under which times of widths are kept here. */
export const widthTimesId = (shapes: string, align: number): string => `${shapes}|${align}`;

/** What each layer costs when it alone is quantized, as far as measured; null: nothing yet. */
export const useLayerTrials = (modelId: string | null, tried: Tried): EngineResult<'quantize.layers'> =>
  useEngineResult('quantize.layers', modelId === null ? null : `${modelId}|${tried}`, {
    modelId: modelId ?? '',
    tried,
  });

/** Which layers int8 could change. */
export const useQuantizePlan = (modelId: string | null): EngineResult<'quantize.plan'> =>
  useEngineResult('quantize.plan', modelId, { modelId: modelId ?? '' });

/** What is wrong with the opened model. */
export const useModelProblems = (modelId: string | null): EngineResult<'model.problems'> =>
  useEngineResult('model.problems', modelId, { modelId: modelId ?? '' });
