import { throwIfCancelled } from '../../../base/errors.ts';
import { sourceOfModel } from '../../runtime/model-source.ts';
import type { Runner } from '../../runtime/runner.ts';
import type { HostTensor } from '../../tensor/host-tensor.ts';
import { roundingModel, variableOf, type RoundingProblem, type RoundingSchedule } from './rounding-graph.ts';

/** What a fifth of the published iterations reaches on layers of this size, with a step ten times as long. */
const SCHEDULE: RoundingSchedule = { iterations: 1000, batch: 256, learningRate: 0.01, pull: 3, free: 0.2 };
/** Iterations of one call, so that a cancellation is heard soon and progress is seen. */
const AT_ONCE = 50;

export interface LearntRounding {
  /** Codes about zero [groups, outputs, columns]; those of rounding to the nearest where nothing better was found. */
  readonly codes: Int32Array;
  /** Squared error of the activated outputs over all positions: to the nearest, and learnt. */
  readonly error: { readonly before: number; readonly after: number };
}

/**
 * Learns which way each weight of a layer is rounded, in the runtime.
 * @param share of each weight above its floor, in steps, 0…1 [groups, outputs, columns]
 * @param progress told the share that is done
 * @throws RUNTIME_…, CANCELLED
 */
export async function learnRounding(
  problem: RoundingProblem,
  share: Float32Array,
  runner: Runner,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: (share: number) => void },
  schedule: RoundingSchedule = SCHEDULE,
): Promise<LearntRounding> {
  const dims = [problem.groups, problem.outputs, problem.columns];
  const tensor = (data: Float32Array): HostTensor => ({ dtype: 'float32', dims, data });
  const nearest = Float32Array.from(share, variableOf);
  const session = await runner.load(
    sourceOfModel(roundingModel(problem, schedule)),
    { provider: 'cpu', threads: null },
    { signal },
  );
  try {
    let state = {
      v: tensor(nearest),
      m: tensor(new Float32Array(share.length)),
      s: tensor(new Float32Array(share.length)),
    };
    const run = async (begin: number, trips: number, unit: number): Promise<number> => {
      const found = await session.run(
        {
          trips: { dtype: 'int64', dims: [], data: BigInt64Array.of(BigInt(trips)) },
          begin: { dtype: 'int64', dims: [1], data: BigInt64Array.of(BigInt(begin)) },
          unit: { dtype: 'float32', dims: [], data: Float32Array.of(unit) },
          ...state,
        },
        { signal },
      );
      state = { v: found['v_end']!, m: found['m_end']!, s: found['s_end']! };
      return Number(found['error']!.data[0]);
    };
    const before = await run(0, 0, 1);
    const unit = before / (problem.positions * share.length);
    if (!(unit > 0)) return { codes: codesOf(problem, nearest), error: { before, after: before } };
    let after = before;
    for (let done = 0; done < schedule.iterations; done += AT_ONCE) {
      throwIfCancelled(signal, 'Learning the rounding');
      progress(done / schedule.iterations);
      after = await run(done, Math.min(AT_ONCE, schedule.iterations - done), unit);
    }
    const better = after < before;
    const codes = codesOf(problem, better ? (state.v.data as Float32Array) : nearest);
    return { codes, error: { before, after: better ? after : before } };
  } finally {
    if (runner.alive) await session.close();
  }
}

function codesOf({ floor, lowest, highest }: RoundingProblem, variables: Float32Array): Int32Array {
  return Int32Array.from(floor, (value, at) =>
    Math.min(highest, Math.max(lowest, value + (variables[at]! >= 0 ? 1 : 0))),
  );
}
