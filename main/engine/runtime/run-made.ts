import { StudioError } from '../../base/errors.ts';
import type { Model } from '../graph/ir.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { assumedNames, type AskedDims } from './assume-dims.ts';
import { makeModelInputs, type MadeInputs } from './make-inputs.ts';
import type { RunnerCallOptions } from './protocol.ts';
import type { Session } from './session.ts';

/** Runs that the search for sizes may take. */
const MAX_RUNS = 40;

export interface RunOnMade {
  readonly inputs: MadeInputs;
  readonly outputs: HostTensors;
}

/**
 * Runs a model on made inputs. Where the runtime refuses sizes that nobody gave, it is asked again: with the sizes that its
 * complaint names ("… 16 by 2304"), with smaller ones, in the end with 1 for all. The sizes that ran are in the result.
 * @throws the first complaint when none runs, or when all sizes were given; what `makeInputs` throws; CANCELLED
 */
export async function runOnMadeInputs(
  session: Session,
  model: Model,
  asked: AskedDims,
  options: RunnerCallOptions = {},
): Promise<RunOnMade> {
  let complaint: StudioError | undefined;
  const attempt = async (inputs: MadeInputs): Promise<RunOnMade | undefined> => {
    try {
      return { inputs, outputs: await session.run(inputs.feeds, options) };
    } catch (error) {
      if (!(error instanceof StudioError && error.code === 'RUNTIME_RUN_FAILED')) throw error;
      complaint ??= error;
      return undefined;
    }
  };
  const inputs = makeModelInputs(model, asked);
  const first = await attempt(inputs);
  if (first !== undefined) return first;
  const names = assumedNames(inputs);
  for (const sizes of otherSizes(names, complaint?.message ?? '').slice(0, MAX_RUNS)) {
    const made = makeModelInputs(model, { ...asked, guesses: { ...inputs.dims, ...sizes } });
    const result = await attempt(made);
    if (result !== undefined) return result;
  }
  throw complaint!;
}

/** Other sizes for the dimensions, the likeliest first. */
function otherSizes(names: readonly string[], complaint: string): readonly Readonly<Record<string, number>>[] {
  const told = new Set((complaint.match(/\b\d+\b/g) ?? []).map(Number).filter((size) => size >= 1 && size <= 65536));
  const all = (size: number): Record<string, number> => Object.fromEntries(names.map((name) => [name, size]));
  return names.length === 0
    ? []
    : [
        ...[...told].flatMap((size) => names.map((name) => ({ [name]: size }))),
        ...[8, 4, 2, 1].map(all),
        ...names.map((name) => ({ [name]: 1 })),
      ];
}
