import type { Shape, Tensor, ValueInfo, ValueType } from '../graph/ir.ts';
import type { DType } from '../tensor/dtype.ts';
import type { ConstantValue } from './constant.ts';

/** What is known about a value before the model runs. */
export interface Facts {
  readonly kind: 'tensor' | 'sequence' | 'optional' | 'map' | 'other';
  readonly dtype: DType | undefined;
  /** undefined: not even the rank is known. */
  readonly shape: Shape | undefined;
  /** The value itself, when it is small and follows from the graph alone. */
  readonly constant?: ConstantValue | undefined;
  /** All that a graph input of bytes holds in the run that is asked about, however long: whole files. */
  readonly bytes?: Uint8Array | undefined;
  /** The initializer behind the value; its elements are read only when an operator asks. */
  readonly initializer?: Tensor | undefined;
  /** Constants that the value is put together from by moving elements alone; for counting parameters. */
  readonly origins?: readonly Tensor[] | undefined;
  /** Of a sequence or optional: what it holds. */
  readonly element?: Facts | undefined;
}

/** Facts of a value of which nothing is known. */
export const UNKNOWN: Facts = { kind: 'tensor', dtype: undefined, shape: undefined };

/** Facts of a tensor. */
export function tensorFacts(dtype: DType | undefined, shape: Shape | undefined, constant?: ConstantValue): Facts {
  return constant === undefined ? { kind: 'tensor', dtype, shape } : { kind: 'tensor', dtype, shape, constant };
}

/** What a file states about a value. */
export function declaredFacts(info: ValueInfo): Facts | undefined {
  return info.type === undefined ? undefined : typeFacts(info.type);
}

function typeFacts(type: ValueType): Facts {
  switch (type.kind) {
    case 'tensor':
    case 'sparseTensor':
      return tensorFacts(type.dtype, type.shape);
    case 'sequence':
    case 'optional': {
      const element = type.element === undefined ? undefined : typeFacts(type.element);
      return { kind: type.kind, dtype: undefined, shape: undefined, element };
    }
    case 'map':
      return { kind: 'map', dtype: undefined, shape: undefined };
    case 'other':
      return { kind: 'other', dtype: undefined, shape: undefined };
  }
}
