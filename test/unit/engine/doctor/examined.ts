/** Examining a model in memory, for the tests of this room. */
import { quietContext } from '../../../../main/base/progress.ts';
import type { DoctorReport, Finding, FindingCode } from '../../../../main/contract/doctor.ts';
import { examine } from '../../../../main/engine/doctor/examine.ts';
import type { Origin } from '../../../../main/engine/doctor/subject.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import type { Runner } from '../../../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';

interface Given {
  readonly runner?: Runner;
  readonly vnni?: boolean;
  readonly origin?: Origin;
  readonly reference?: Model;
  readonly feeds?: readonly HostTensors[];
  readonly arch?: string;
  readonly seconds?: number;
}

export const OPENED: Origin = { sources: new Map(), quantizes: false };

export function report(
  model: Model,
  { runner, vnni = true, origin = OPENED, reference, feeds, arch = 'x64', seconds }: Given = {},
): Promise<DoctorReport> {
  async function* batches(): AsyncGenerator<HostTensors> {
    yield* feeds ?? [];
  }
  const machine = { cpu: 'test', arch, vnni };
  const data = feeds === undefined ? {} : { batches, inputs: 'test data' };
  return examine({ model, origin, reference, ...data, machine, runner, seconds }, quietContext());
}

/** The finding of a kind; undefined where there is none. */
export async function found(code: FindingCode, model: Model, given: Given = {}): Promise<Finding | undefined> {
  return (await report(model, given)).findings.find((finding) => finding.code === code);
}
