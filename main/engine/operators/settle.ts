/** Joins what inference found about a value with what the file states and what a run measured. */
import type { Dim, Shape } from '../graph/ir.ts';
import type { DType } from '../tensor/dtype.ts';
import { isOpenDim } from './dimension.ts';
import type { Facts } from './facts.ts';
import { formatShape } from './shape.ts';

export interface MeasuredValue {
  readonly dtype?: DType | undefined;
  readonly shape: readonly number[];
}

export interface Sources {
  readonly declared: Facts | undefined;
  readonly measured: MeasuredValue | undefined;
  /** Puts in the sizes that are given for symbols. */
  readonly sized: (dim: Dim) => Dim;
  readonly openDim: () => string;
  readonly conflict: (message: string) => void;
}

/**
 * The facts to go on with. Inferred sizes come first, then sizes given for symbols, then what the file states, then what
 * was measured; what stays open gets a symbol of its own, so that it still cancels in shape arithmetic.
 */
export function settleFacts(inferred: Facts | undefined, sources: Sources): Facts {
  const { declared, measured, conflict } = sources;
  const kind = inferred?.kind ?? declared?.kind ?? 'tensor';
  const element = inferred?.element ?? declared?.element;
  if (inferred?.dtype !== undefined && declared?.dtype !== undefined && inferred.dtype !== declared.dtype) {
    conflict(`the file states type ${declared.dtype}, but ${inferred.dtype} follows from its inputs`);
  }
  const dtype = inferred?.dtype ?? declared?.dtype ?? measured?.dtype;
  const constant = inferred?.constant;
  const known = constant?.shape ?? inferred?.shape;
  const shape = settleShape(known, declared?.shape, sources);
  const origins = inferred?.origins;
  const initializer = inferred?.initializer;
  const bytes = inferred?.bytes;
  // Nearly all values; the spreads below take a third of the inference of a large model.
  if (constant === undefined && element === undefined && origins === undefined && initializer === undefined) {
    return bytes === undefined ? { kind, dtype, shape } : { kind, dtype, shape, bytes };
  }
  return {
    kind,
    dtype,
    shape,
    ...(constant === undefined ? {} : { constant }),
    ...(element === undefined ? {} : { element }),
    ...(origins === undefined ? {} : { origins }),
    ...(initializer === undefined ? {} : { initializer }),
  };
}

function settleShape(inferred: Shape | undefined, declared: Shape | undefined, sources: Sources): Shape | undefined {
  const measured = sources.measured?.shape;
  const base = inferred ?? declared ?? measured;
  if (base === undefined) return undefined;
  let stated = declared;
  if (inferred !== undefined && declared !== undefined && conflicts(inferred, declared, sources.sized)) {
    sources.conflict(
      `the file states shape ${formatShape(declared)}, but ${formatShape(inferred)} follows from its inputs`,
    );
    stated = undefined;
  }
  // The usual case, kept free of allocation: everything is a number.
  if (base === inferred && base.every((dim) => typeof dim === 'number')) return base;
  const seen = measured?.length === base.length ? measured : undefined;
  if (stated?.length !== base.length) stated = undefined;
  return base.map((dim, axis) => {
    if (typeof dim === 'number') return dim;
    const candidates: readonly Dim[] = [dim, stated?.[axis] ?? null, seen?.[axis] ?? null];
    for (const candidate of candidates) {
      const size = sources.sized(candidate === '' ? null : candidate);
      if (!isOpenDim(size)) return size;
    }
    return dim === null || dim === '' ? sources.openDim() : dim;
  });
}

function conflicts(inferred: Shape, declared: Shape, sized: (dim: Dim) => Dim): boolean {
  if (inferred.length !== declared.length) return true;
  return inferred.some((dim, axis) => {
    const stated = sized(declared[axis] ?? null);
    return typeof dim === 'number' && typeof stated === 'number' && dim !== stated;
  });
}
