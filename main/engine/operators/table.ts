/** The operator table: everything that the program knows about operators, by domain and name. */
import { activationOperators } from './families/activation/index.ts';
import { attentionOperators } from './families/attention/index.ts';
import { classicalOperators } from './families/classical/index.ts';
import { controlOperators } from './families/control/index.ts';
import { convolutionOperators } from './families/convolution/index.ts';
import { detectionOperators } from './families/detection/index.ts';
import { einsumOperators } from './families/einsum/index.ts';
import { elementwiseOperators } from './families/elementwise/index.ts';
import { generatingOperators } from './families/generating/index.ts';
import { indexingOperators } from './families/indexing/index.ts';
import { joiningOperators } from './families/joining/index.ts';
import { layoutOperators } from './families/layout/index.ts';
import { matmulOperators } from './families/matmul/index.ts';
import { normalizationOperators } from './families/normalization/index.ts';
import { poolingOperators } from './families/pooling/index.ts';
import { quantizationOperators } from './families/quantization/index.ts';
import { recurrentOperators } from './families/recurrent/index.ts';
import { reductionOperators } from './families/reduction/index.ts';
import { resizingOperators } from './families/resizing/index.ts';
import { sequenceOperators } from './families/sequences/index.ts';
import { signalOperators } from './families/signal/index.ts';
import { trainingOperators } from './families/training/index.ts';
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
  classicalOperators,
  trainingOperators,
].flat();

/** By domain, then name: no text is put together for a look-up, of which a large model asks millions. */
const byDomain: ReadonlyMap<string, ReadonlyMap<string, OperatorSpec>> = new Map(
  [...Map.groupBy(ALL, ({ domain }) => domain)].map(([domain, specs]) => [
    domain,
    new Map(specs.map((spec) => [spec.opType, spec])),
  ]),
);

/** The entry of an operator; undefined when nothing is known about it. 'ai.onnx' is the default domain ''. */
export function operatorSpec(domain: string, opType: string): OperatorSpec | undefined {
  return byDomain.get(domain === 'ai.onnx' ? '' : domain)?.get(opType);
}

/** Every operator of the table. */
export function knownOperators(): readonly OperatorSpec[] {
  return ALL;
}

/** The name of an input by position: the last role goes on in variadic operators; undefined for surplus inputs. */
export function inputRole(spec: OperatorSpec, index: number): string | undefined {
  return spec.inputRoles[index] ?? (spec.variadic ? spec.inputRoles.at(-1) : undefined);
}
