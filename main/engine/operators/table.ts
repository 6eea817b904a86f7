/** The operator table: everything that the program knows about operators, by domain and name. */
import { activationOperators } from './families/activation.ts';
import { attentionOperators } from './families/attention.ts';
import { controlOperators } from './families/control.ts';
import { convolutionOperators } from './families/convolution.ts';
import { detectionOperators } from './families/detection.ts';
import { einsumOperators } from './families/einsum.ts';
import { elementwiseOperators } from './families/elementwise.ts';
import { generatingOperators } from './families/generating.ts';
import { indexingOperators } from './families/indexing.ts';
import { joiningOperators } from './families/joining.ts';
import { layoutOperators } from './families/layout.ts';
import { matmulOperators } from './families/matmul.ts';
import { normalizationOperators } from './families/normalization.ts';
import { poolingOperators } from './families/pooling.ts';
import { quantizationOperators } from './families/quantization.ts';
import { recurrentOperators } from './families/recurrent.ts';
import { reductionOperators } from './families/reduction.ts';
import { resizingOperators } from './families/resizing.ts';
import { sequenceOperators } from './families/sequences.ts';
import { signalOperators } from './families/signal.ts';
import type { OperatorSpec } from './spec.ts';

const ALL: readonly OperatorSpec[] = [
  convolutionOperators,
  matmulOperators,
  einsumOperators,
  normalizationOperators,
  activationOperators,
  poolingOperators,
  elementwiseOperators,
  reductionOperators,
  layoutOperators,
  joiningOperators,
  indexingOperators,
  resizingOperators,
  generatingOperators,
  recurrentOperators,
  attentionOperators,
  quantizationOperators,
  signalOperators,
  controlOperators,
  sequenceOperators,
  detectionOperators,
].flat();

const byName: ReadonlyMap<string, OperatorSpec> = new Map(ALL.map((spec) => [`${spec.domain}:${spec.opType}`, spec]));

/** The entry of an operator; undefined when nothing is known about it. 'ai.onnx' is the default domain ''. */
export function operatorSpec(domain: string, opType: string): OperatorSpec | undefined {
  return byName.get(`${domain === 'ai.onnx' ? '' : domain}:${opType}`);
}

/** Every operator of the table. */
export function knownOperators(): readonly OperatorSpec[] {
  return ALL;
}

/** The name of an input by position: the last role goes on in variadic operators; undefined for surplus inputs. */
export function inputRole(spec: OperatorSpec, index: number): string | undefined {
  return spec.inputRoles[index] ?? (spec.variadic ? spec.inputRoles.at(-1) : undefined);
}
