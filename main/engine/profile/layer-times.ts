import { nameHasTrait, sourceOperator } from '../operators/ask.ts';

/** A layer of the source model with what it cost. */
export interface ProfiledLayer {
  readonly name: string;
  readonly op: string;
  /** Time of the kernels whose main layer this is. 0 for a layer that was fused into another, or folded away. */
  readonly timeMs: number;
  /** Of the time of all kernels, 0…1. */
  readonly share: number;
  /** The kernels that execute this layer, alone or with others; empty when it was folded away or did not run. */
  readonly kernels: string[];
  /** The layer whose time holds this one's too: its kernels compute both. */
  readonly fusedInto: string | null;
  readonly macs: number | null;
  readonly gmacsPerSecond: number | null;
}

/** A layer of the source model, before its times are known. */
export interface LayerFacts {
  readonly name: string;
  readonly op: string;
  /** Multiply–accumulates for the profiled batch; null: unknown. */
  readonly macs: number | null;
}

interface AttributedKernel {
  readonly name: string;
  readonly op: string;
  readonly timeMs: number;
  readonly sources: readonly string[];
}

/**
 * Spreads kernel times over the layers. A kernel's whole time goes to its main layer: the source with the most
 * multiply–accumulates, or else the one with the kernel's own operator, or else the first that computes. Its other sources
 * are fused into that one and list the kernel with no time of their own, so times add up to those of the kernels.
 */
export function layerTimes(layers: readonly LayerFacts[], kernels: readonly AttributedKernel[]): ProfiledLayer[] {
  const facts = new Map(layers.map((layer) => [layer.name, layer]));
  const times = new Map<string, number>();
  const executedBy = new Map<string, string[]>();
  const fusedInto = new Map<string, string>();
  for (const kernel of kernels) {
    for (const source of kernel.sources) {
      const list = executedBy.get(source);
      if (list === undefined) executedBy.set(source, [kernel.name]);
      else list.push(kernel.name);
    }
    const main = mainLayer(kernel, facts);
    if (main === undefined) continue;
    times.set(main, (times.get(main) ?? 0) + kernel.timeMs);
    for (const source of kernel.sources) if (!fusedInto.has(source)) fusedInto.set(source, main);
  }
  const total = kernels.reduce((sum, kernel) => sum + kernel.timeMs, 0);
  return layers.map(({ name, op, macs }) => {
    const timeMs = times.get(name) ?? 0;
    const gmacsPerSecond = macs !== null && macs > 0 && timeMs > 0 ? macs / timeMs / 1e6 : null;
    return {
      name,
      op,
      timeMs,
      share: total > 0 ? timeMs / total : 0,
      kernels: executedBy.get(name) ?? [],
      fusedInto: times.has(name) ? null : (fusedInto.get(name) ?? null),
      macs,
      gmacsPerSecond,
    };
  });
}

/** The source that a kernel's time is counted for; undefined for a kernel without sources. */
export function mainLayer(
  kernel: Pick<AttributedKernel, 'op' | 'sources'>,
  facts: ReadonlyMap<string, LayerFacts>,
): string | undefined {
  const kernelOp = sourceOperator(kernel.op);
  let best: { readonly name: string; readonly rank: readonly number[] } | undefined;
  for (const [index, name] of kernel.sources.entries()) {
    const layer = facts.get(name);
    const op = layer?.op ?? '';
    const rank = [layer?.macs ?? 0, op === kernelOp ? 1 : 0, nameHasTrait(op, 'passive') ? 0 : 1, -index];
    if (best === undefined || isHigher(rank, best.rank)) best = { name, rank };
  }
  return best?.name;
}

function isHigher(a: readonly number[], b: readonly number[]): boolean {
  for (const [index, value] of a.entries()) if (value !== b[index]) return value > b[index]!;
  return false;
}
