import { useMemo } from 'react';
import type { BlockPart } from '../../main/contract/layer-words.ts';
import type { LayerTable } from '../../main/contract/layers.ts';
import type { ErrorTable, Profile } from '../../main/contract/results.ts';
import type { Suspects } from '../../main/contract/suspects.ts';
import type { TrialDetails } from '../../main/contract/studio.ts';
import { layerRows, nodesOf, type LayerRow } from '../../main/judge/layer-table.ts';
import { suspicionText } from '../../main/judge/suspicion.ts';
import type { Queried } from '../../main/judge/query/fields.ts';
import { useTrialDetails, useTrialErrors, useTrialLayers, useTrialProfile, useTrialSuspects } from './queries.ts';
import { useShownTrial } from './session.ts';

/** Everything known of one layer of the shown trial, which queries can ask about, and where it stands. */
export interface LayerFacts extends Queried {
  readonly part: BlockPart;
  readonly parent: string | null;
  /** The layer whose time holds this one's. */
  readonly fusedInto: string | null;
}

export interface LayerSources {
  readonly table: LayerTable;
  readonly profile: Profile | null;
  readonly errors: ErrorTable | null;
  readonly suspects: Suspects | null;
  readonly details: Pick<TrialDetails, 'prune' | 'quantize'> | null;
}

interface KnownTable {
  readonly rows: readonly LayerRow[];
  /** Layer by the name of a node of the trial. */
  readonly layerOf: ReadonlyMap<string, string>;
}

const tables = new WeakMap<LayerTable, KnownTable>();

/** The rows of a table; made once. */
function knownTable(table: LayerTable): KnownTable {
  const known = tables.get(table);
  if (known !== undefined) return known;
  const rows = layerRows(table);
  const layerOf = new Map(
    rows.flatMap(({ index, name }) => nodesOf(table, index).map((node) => [node, name] as const)),
  );
  const made = { rows, layerOf };
  tables.set(table, made);
  return made;
}

/**
 * Joins what is known of the layers. Times are of the trial's own nodes; what steps tell is of the model that they were given,
 * whose nodes may have other names than the source's where steps before renamed or merged them.
 */
export function layerFacts({ table, profile, errors, suspects, details }: LayerSources): readonly LayerFacts[] {
  const { rows, layerOf } = knownTable(table);
  const times = timesByLayer(profile, layerOf);
  const suspectOf = byLayer(
    (suspects?.rows ?? []).flatMap((row) => (row.layer === null ? [] : [{ name: row.layer, row }])),
    layerOf,
  );
  const errorOf = byLayer(errors?.layers ?? [], layerOf);
  const pruned = byLayer(details?.prune?.layers ?? [], layerOf);
  const frozen = byLayer(details?.prune?.frozen ?? [], layerOf);
  const quantized = byLayer(details?.quantize?.layers ?? [], layerOf);
  return rows.map((row) => {
    const time = times.get(row.name);
    const error = errorOf.get(row.name);
    const suspect = suspectOf.get(row.name);
    const cut = quantized.get(row.name);
    const staysFloat = cut?.quantized === true && cut.fused === false;
    return {
      index: row.index,
      name: row.name,
      op: row.op,
      domain: row.domain,
      category: row.category,
      part: row.part,
      scope: row.scope,
      parent: row.parent,
      inputs: row.inputs,
      outputs: row.outputs,
      dtype: staysFloat ? row.dtype : row.precision,
      shape: row.shape,
      parameters: row.parameters,
      parameterBytes: row.parameterBytes,
      macs: row.macs,
      bytes: row.bytes,
      timeMs: time?.timeMs ?? null,
      folded: row.state === 'fused' || time?.timeMs === 0,
      fusedInto: row.fusedInto ?? time?.fusedInto ?? null,
      share: time?.share ?? null,
      gmacsPerSecond: time?.gmacsPerSecond ?? null,
      sparsity: pruned.get(row.name)?.sparsity ?? null,
      keptShare: keptShareOf(pruned.get(row.name)?.channels ?? null),
      frozen: frozen.get(row.name)?.reason ?? null,
      suspect: suspect === undefined ? null : suspicionText(suspect.row).join('; '),
      sqnrDb: error?.sqnrDb ?? null,
      localSqnrDb: error?.localSqnrDb ?? null,
      cosine: error?.cosine ?? null,
      mse: error?.mse ?? null,
    };
  });
}

function keptShareOf(channels: { readonly before: number; readonly after: number } | null): number | null {
  return channels === null || channels.before === 0 ? null : channels.after / channels.before;
}

interface LayerTime {
  timeMs: number;
  share: number;
  readonly gmacsPerSecond: number | null;
  readonly fusedInto: string | null;
}

/** Times of a profile, which are of the trial's own nodes, added up for the layers that these belong to. */
function timesByLayer(profile: Profile | null, layerOf: ReadonlyMap<string, string>): ReadonlyMap<string, LayerTime> {
  const times = new Map<string, LayerTime>();
  for (const { name, timeMs, share, gmacsPerSecond, fusedInto } of profile?.layers ?? []) {
    const layer = layerOf.get(name) ?? name;
    const known = times.get(layer);
    if (known === undefined) {
      const into = fusedInto === null || fusedInto === undefined ? null : (layerOf.get(fusedInto) ?? fusedInto);
      times.set(layer, { timeMs, share, gmacsPerSecond, fusedInto: into });
    } else {
      known.timeMs += timeMs;
      known.share += share;
    }
  }
  return times;
}

/** By layer of the source: the item of its name, else the last of those whose nodes belong to it, which gives its value. */
function byLayer<T extends { readonly name: string }>(
  items: readonly T[],
  layerOf: ReadonlyMap<string, string>,
): ReadonlyMap<string, T> {
  const found = new Map(items.map((item) => [layerOf.get(item.name) ?? item.name, item]));
  for (const item of items) found.set(item.name, item);
  return found;
}

const NONE: readonly LayerFacts[] = [];

interface Joined extends LayerSources {
  readonly facts: readonly LayerFacts[];
}

/** The last join: every view asks for the same one. */
let joined: Joined | undefined;

function joinOnce(sources: LayerSources): readonly LayerFacts[] {
  const { table, profile, errors, suspects, details } = sources;
  const same =
    joined?.table === table &&
    joined.profile === profile &&
    joined.errors === errors &&
    joined.suspects === suspects &&
    joined.details === details;
  if (!same) joined = { ...sources, facts: layerFacts(sources) };
  return joined!.facts;
}

/** The layers of the shown trial with all that is known of them; empty until they have come. Joined once for all views. */
export function useLayerFacts(): readonly LayerFacts[] {
  const id = useShownTrial()?.id ?? null;
  const table = useTrialLayers(id).data ?? null;
  const profile = useTrialProfile(id).data ?? null;
  const errors = useTrialErrors(id).data ?? null;
  const suspects = useTrialSuspects(id).data ?? null;
  const details = useTrialDetails(id).data ?? null;
  return useMemo(
    () => (table === null ? NONE : joinOnce({ table, profile, errors, suspects, details })),
    [table, profile, errors, suspects, details],
  );
}

const named = new WeakMap<readonly LayerFacts[], ReadonlyMap<string, LayerFacts>>();

/** Layers by their names; made once for a list, since the pointer asks with every move. */
export function factsByName(layers: readonly LayerFacts[]): ReadonlyMap<string, LayerFacts> {
  const known = named.get(layers) ?? new Map(layers.map((layer) => [layer.name, layer]));
  named.set(layers, known);
  return known;
}
