import { StudioError } from '../../base/errors.ts';
import type { QuantizePlan } from '../../contract/studio.ts';
import type { Model } from '../graph/ir.ts';
import { walkNodes } from '../graph/walk.ts';
import { hasTrait, roleOf } from '../operators/ask.ts';
import { sourcesOf, type PassContext } from '../passes/pass.ts';
import { describeLayers } from './layer-report.ts';
import { planQuantization } from './plan-quantization.ts';
import { noIntegerKernels, prepareModel, type PreparedModel } from './prepare.ts';
import { quantizedBytes } from './quantized-bytes.ts';
import { isDepthwise, type Unit } from './unit.ts';

/**
 * The layers that int8 could change and what the file would take then, without calibration data; for the prediction and for choosing
 * exclusions. A runner is asked for only where constants have to be computed.
 * @throws RUNTIME_DIED, CANCELLED
 */
export async function quantizePlan(source: Model, context: PassContext): Promise<Omit<QuantizePlan, 'vnni'>> {
  let prepared: PreparedModel;
  try {
    prepared = await prepareModel(source, context, context);
  } catch (error) {
    if (!(error instanceof StudioError) || error.code !== 'UNSUPPORTED') throw error;
    const reason = error.message;
    const layers = [...walkNodes(source)]
      .filter(({ node }) => !hasTrait(node, 'constant'))
      .map(({ layer, node }) => ({ name: layer, op: node.opType, quantizable: false, reason, kernel: null }));
    return { layers, int8Bytes: null };
  }
  const { model, sources, knowledge } = prepared;
  const plan = planQuantization(model.graph, { knowledge, refused: noIntegerKernels(prepared) });
  const kernels = new Map(
    plan.units.flatMap((unit) => sourcesOf(sources, unit.layer).map((layer) => [layer, kernelOf(unit)] as const)),
  );
  const layers = describeLayers(source, { prepared, plan, fused: new Map() }).map(
    ({ name, op, quantized, reason }) => ({
      name,
      op,
      quantizable: quantized,
      reason,
      kernel: quantized ? (kernels.get(name) ?? null) : null,
    }),
  );
  return { layers, int8Bytes: quantizedBytes(prepared, plan) };
}

function kernelOf(unit: Unit): QuantizePlan['layers'][number]['kernel'] {
  const role = roleOf(unit.node);
  if (unit.weights === undefined || role.kind !== 'weighted') return null;
  return isDepthwise(unit) ? 'depthwise' : role.kernel;
}
