import type { RecordedRun } from '../../contract/profile-parts.ts';
import type { Model } from '../graph/ir.ts';
import { groupLayers } from '../layers/group-layers.ts';
import { categoryOf } from '../operators/ask.ts';
import type { MeasuredShape } from '../runtime/taps.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { attributeKernels } from './attribute.ts';
import { sumKernels, undisturbedRuns, type KernelTable } from './kernels.ts';
import { layerFacts } from './layer-facts.ts';
import { layerTimes, mainLayer, type ProfiledLayer } from './layer-times.ts';
import type { ProfiledKernel } from './profile-result.ts';
import { recordRuns } from './record-runs.ts';
import { takenBranches } from './taken-branches.ts';
import type { TracedRun } from './trace.ts';

/** A traced run; the time by which it is judged undisturbed, null: it warmed up. */
export interface RunToAttribute {
  readonly run: TracedRun;
  readonly timedMs: number | null;
  /** By the caller's clock; null: not read. */
  readonly wallMs: number | null;
}

/** What is known of the model beside its runs. */
export interface AttributedModel {
  readonly model: Model;
  /** The graph that was executed; null: only names are compared. */
  readonly optimised: Model | null;
  readonly dims: Readonly<Record<string, number>>;
  readonly feeds?: HostTensors;
  readonly shapes?: ReadonlyMap<string, MeasuredShape> | undefined;
}

/** Kernels and layers with their times, and the runs behind them. */
export interface AttributedRuns {
  readonly table: KernelTable;
  readonly kernels: ProfiledKernel[];
  readonly layers: ProfiledLayer[];
  readonly runs: RecordedRun[];
  readonly heldUp: { readonly runs: number; readonly of: number };
}

/** Sums the undisturbed runs up and gives each kernel's time to the source layers that it executes. */
export function attributeRuns(
  { model, optimised, dims, feeds = {}, shapes }: AttributedModel,
  every: readonly RunToAttribute[],
): AttributedRuns {
  const timed = every.flatMap(({ run, timedMs }) => (timedMs === null ? [] : [{ run, timedMs }]));
  const calm = undisturbedRuns(timed, ({ timedMs }) => timedMs).map(({ run }) => run);
  const table = sumKernels(calm);
  const attributions = attributeKernels(model, optimised, table.kernels);
  const taken = takenBranches(model, new Set(attributions.flatMap(({ sources }) => sources)));
  const grouped = groupLayers(model);
  const layersOf = (nodes: readonly string[]): string[] => [
    ...new Set(nodes.map((node) => grouped.ofName(node)?.name ?? node)),
  ];
  const facts = layerFacts(model, dims, { feeds, measured: shapes, taken });
  const factsByName = new Map(facts.map((layer) => [layer.name, layer]));
  const kernels: ProfiledKernel[] = table.kernels.map(({ memory, ...kernel }, index) => {
    const sources = layersOf(attributions[index]!.sources);
    return {
      ...kernel,
      category: categoryOf(kernel.op),
      sources,
      inputShapes: [...kernel.inputShapes],
      outputShapes: [...kernel.outputShapes],
      layer: mainLayer({ op: kernel.op, sources }, factsByName) ?? null,
      ...(memory === undefined ? {} : { memory }),
    };
  });
  const inSums = new Set(calm);
  const useOf = ({ run, timedMs }: RunToAttribute): RecordedRun['use'] =>
    timedMs === null ? 'warm-up' : inSums.has(run) ? 'counted' : 'held up';
  const runs = recordRuns(
    every.map((each) => ({ run: each.run, wallMs: each.wallMs, use: useOf(each) })),
    kernels.map(({ name }) => name),
  );
  const heldUp = { runs: timed.length - calm.length, of: timed.length };
  return { table, kernels, layers: layerTimes(facts, kernels), runs, heldUp };
}
