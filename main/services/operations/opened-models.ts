import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ERROR_CODES, StudioError, type ErrorCode } from '../../base/errors.ts';
import type { Model } from '../../engine/graph/ir.ts';
import { validateModel } from '../../engine/graph/validate.ts';
import { walkNodes } from '../../engine/graph/walk.ts';
import { runnableSource } from '../../engine/passes/name-nodes.ts';
import { openModel, type OpenedFile } from '../../engine/onnx/open.ts';
import { withThreadRunner } from './runners.ts';

interface Entry {
  readonly stamp: string;
  readonly opened: Promise<OpenedFile>;
}

/** Models kept parsed: the one worked on and its baseline. */
const KEPT = 3;
const entries = new Map<string, Entry>();

/**
 * Opens a model, or gives the one that is open already while its file has not changed. Parsed models are immutable, so
 * operations share them.
 * @throws what `openModel` throws
 */
export async function openShared(path: string): Promise<OpenedFile> {
  const full = resolve(path);
  const info = await stat(full, { bigint: true }).catch(() => undefined);
  const stamp = info === undefined ? '' : `${info.ino}:${info.size}:${info.mtimeNs}`;
  const known = entries.get(full);
  entries.delete(full);
  const entry = known !== undefined && known.stamp === stamp ? known : { stamp, opened: openModel(full) };
  entries.set(full, entry);
  for (const oldest of [...entries.keys()].slice(0, -KEPT)) entries.delete(oldest);
  try {
    return await entry.opened;
  } catch (error) {
    entries.delete(full);
    throw error;
  }
}

/**
 * Opens a model that will be run or changed; looking at a graph takes {@link openShared}. Whether a model can be run is the
 * runtime's to say: where we find something wrong with it, it is loaded, and refused only when the runtime refuses it too,
 * with what we found as the reason and the runtime's words as its cause.
 * @throws EXTERNAL_DATA_MISSING, EXTERNAL_DATA_OUTSIDE, ONNX_INVALID; UNSUPPORTED for operators of domains that the runtime
 *   does not have; CANCELLED
 */
export async function openRunnable(path: string, signal: AbortSignal): Promise<OpenedFile> {
  const opened = await openShared(path);
  const doubt = doubtAbout(opened.model);
  if (doubt === undefined) return opened;
  const cause = await refusalOf(opened, signal);
  if (cause === undefined) return opened;
  const { code, message, hint } = doubt;
  throw new StudioError(code, message, { hint, cause });
}

/** Why the runtime does not load a model; undefined: it does. @throws CANCELLED */
export async function refusalOf(opened: OpenedFile, signal: AbortSignal): Promise<StudioError | undefined> {
  try {
    await withThreadRunner(signal, async (runner) => {
      const settings = { provider: 'cpu', threads: null, optimization: 'disabled' } as const;
      const session = await runner.load(runnableSource(opened), settings, { signal });
      await session.close({ signal });
    });
    return undefined;
  } catch (error) {
    if (error instanceof StudioError && error.code !== 'CANCELLED') return error;
    throw error;
  }
}

/** Why the runtime may refuse a model. */
interface Doubt {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

function doubtAbout(model: Model): Doubt | undefined {
  const custom = customOperator(model);
  if (custom !== undefined) return custom;
  const problem = validateModel(model).find(({ severity }) => severity === 'error');
  if (problem === undefined) return undefined;
  const code = ERROR_CODES.find((known) => known === problem.code) ?? ('ONNX_INVALID' satisfies ErrorCode);
  const hint = code === 'EXTERNAL_DATA_MISSING' ? 'Put the data file beside the model.' : 'Export the model again.';
  return { code, message: problem.message, hint };
}

/** Domains whose operators ONNX Runtime brings; all others need a library of custom operators. */
const RUNTIME_DOMAINS = new Set([
  '',
  'ai.onnx',
  'ai.onnx.ml',
  'ai.onnx.training',
  'ai.onnx.preview',
  'ai.onnx.preview.training',
]);

function customOperator(model: Model): Doubt | undefined {
  const functions = new Set(model.functions.map(({ domain, name }) => `${domain}:${name}`));
  for (const { node, layer } of walkNodes(model)) {
    const { domain, opType } = node;
    if (RUNTIME_DOMAINS.has(domain) || domain.startsWith('com.microsoft') || functions.has(`${domain}:${opType}`))
      continue;
    return {
      code: 'UNSUPPORTED',
      message: `Layer '${layer}' is a custom operator, ${opType} of ${domain}, which ONNX Runtime does not have`,
      hint: 'The graph can be looked at, but not run.',
    };
  }
  return undefined;
}
