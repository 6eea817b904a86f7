/** Calls a studio's handlers as a window does: parameters and result are checked against the contract. */
import { methods, type MethodName, type ParamsIn, type Result } from '../../main/contract/methods.ts';
import { isStartedJob } from '../../main/services/handlers.ts';
import type { Studio } from '../../main/services/studio.ts';

export type CallStudio = <M extends MethodName>(method: M, params: ParamsIn<M>) => Promise<Result<M>>;

/** The calls of a studio, jobs awaited. */
export function callOf(studio: Studio): CallStudio {
  return async <M extends MethodName>(method: M, params: ParamsIn<M>) => {
    const checked = methods[method].params.parse(params);
    const answer: unknown = await (studio.handlers[method] as (p: unknown) => unknown)(checked);
    const result = isStartedJob(answer) ? await answer.result : answer;
    return methods[method].result.parse(result) as Result<M>;
  };
}
