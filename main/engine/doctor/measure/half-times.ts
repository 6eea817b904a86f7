import type { Finding } from '../../../contract/doctor.ts';
import { median } from '../../../judge/statistics/median.ts';
import { isRefusal } from '../../passes/check-pass.ts';
import { toFloat32 } from '../../passes/to-float32.ts';
import type { Subject } from '../subject.ts';
import type { Surroundings } from './surroundings.ts';
import { timesInTurns } from './times.ts';

/**
 * Times a model in half precision in turns with the same model in float32.
 * @returns the findings about half precision with these times as evidence
 * @throws RUNTIME_DIED, CANCELLED
 */
export async function timeHalf(
  findings: readonly Finding[],
  { model }: Subject,
  around: Surroundings,
): Promise<readonly Finding[]> {
  try {
    const [half, single] = await timesInTurns([model, toFloat32(model).model], around);
    const evidence = [
      { label: 'in half precision', value: median(half!), unit: 'ms' },
      { label: 'in float32', value: median(single!), unit: 'ms' },
    ] as const;
    return findings.map((finding) => ({ ...finding, measured: true, evidence: [...finding.evidence, ...evidence] }));
  } catch (error) {
    if (isRefusal(error)) return findings;
    throw error;
  }
}
