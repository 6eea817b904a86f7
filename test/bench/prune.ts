/**
 * Speed of pruning single weights: 25 M of them, against the time that one may wait and against one bare pass over them. In time
 * of the processor: what else the machine does counts for nothing.
 */
import { pruneElements } from '../../main/engine/prune/elements/prune-elements.ts';
import { RunnerPool } from '../../main/engine/runtime/runner-pool.ts';
import { quietContext } from '../../main/base/progress.ts';
import type { Model } from '../../main/engine/graph/ir.ts';
import type { ElementStep } from '../../main/contract/recipe/prune-elements.ts';
import { pruneStep } from '../support/recipes.ts';
import { atMost, median, type BenchRow } from './bench-row.ts';
import { barePassMs, cpuMs } from './processor-time.ts';
import { model25M, WEIGHTS } from './slider-case.ts';

const ELEMENTS_MS = 300;
/** Times a pass that reads each weight once. */
const PASSES = 30;
const RUNS = 5;

const STEPS: readonly (readonly [string, ElementStep])[] = [
  ['the smallest of all layers', pruneStep({ sparsity: 0.5 })],
  ['the smallest of each layer', pruneStep({ sparsity: 0.5, scope: 'layer' })],
];
const SLOWER: readonly (readonly [string, ElementStep])[] = [
  ['LAMP', pruneStep({ sparsity: 0.5, scope: 'lamp' })],
  ['2:4', pruneStep({ structure: '2:4' })],
  ['blocks of 4x1', pruneStep({ sparsity: 0.5, block: '4x1' })],
];

async function msOf(model: Model, step: ElementStep): Promise<number> {
  const context = { runners: new RunnerPool(), signal: quietContext().signal };
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const start = cpuMs();
    await pruneElements(model, step, context);
    times.push(cpuMs() - start);
  }
  return median(times);
}

/** About 20 s. */
export async function bench(): Promise<BenchRow[]> {
  const model = model25M();
  const bare = barePassMs(model, RUNS);
  const size = `${(WEIGHTS / 1e6).toFixed(0)} M weights`;
  const rows: BenchRow[] = [];
  for (const [name, step] of STEPS) {
    rows.push(atMost(`prune: ${size}, ${name} / 0.3 s`, (await msOf(model, step)) / ELEMENTS_MS, 1));
  }
  for (const [name, step] of SLOWER) {
    rows.push(atMost(`prune: ${size}, ${name} / a bare pass`, (await msOf(model, step)) / bare, PASSES));
  }
  return rows;
}
