import type { EventName, EventPayload, MethodName, Params, Result } from '../contract/methods.ts';
import type { StartedJob } from '../jobs/job-queue.ts';

/** A method gives its result, or names the job that will. */
export type Answer<M extends MethodName> = Result<M> | StartedJob<Result<M>>;

/** One function for every method of the contract; parameters are checked before they come here. */
export type Handlers = { readonly [M in MethodName]: (params: Params<M>) => Answer<M> | Promise<Answer<M>> };

/** Sends an event to everyone who listens. */
export type Emit = <E extends EventName>(event: E, payload: EventPayload<E>) => void;

/** Whether an answer is a job rather than the result itself. */
export function isStartedJob(answer: unknown): answer is StartedJob<unknown> {
  return typeof answer === 'object' && answer !== null && 'result' in answer && answer.result instanceof Promise;
}
