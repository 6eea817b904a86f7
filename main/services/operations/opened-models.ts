import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ERROR_CODES, StudioError, type ErrorCode } from '../../base/errors.ts';
import type { Model } from '../../engine/graph/ir.ts';
import { validateModel } from '../../engine/graph/validate.ts';
import { walkNodes } from '../../engine/graph/walk.ts';
import { openModel, type OpenedFile } from '../../engine/onnx/open.ts';

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
 * Opens a model that will be run or changed, which takes a valid one; looking at a graph does not.
 * @throws what is wrong with it: EXTERNAL_DATA_MISSING, EXTERNAL_DATA_OUTSIDE, ONNX_INVALID; UNSUPPORTED for operators of
 *   domains that the runtime does not have
 */
export async function openRunnable(path: string): Promise<OpenedFile> {
  const opened = await openShared(path);
  requireKnownDomains(opened.model);
  const problem = validateModel(opened.model).find(({ severity }) => severity === 'error');
  if (problem !== undefined) {
    const code = ERROR_CODES.find((known) => known === problem.code) ?? ('ONNX_INVALID' satisfies ErrorCode);
    const hint = code === 'EXTERNAL_DATA_MISSING' ? 'Put the data file beside the model.' : 'Export the model again.';
    throw new StudioError(code, problem.message, { hint });
  }
  return opened;
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

function requireKnownDomains(model: Model): void {
  const functions = new Set(model.functions.map(({ domain, name }) => `${domain}:${name}`));
  for (const { node, layer } of walkNodes(model)) {
    const { domain, opType } = node;
    if (RUNTIME_DOMAINS.has(domain) || domain.startsWith('com.microsoft') || functions.has(`${domain}:${opType}`))
      continue;
    throw new StudioError(
      'UNSUPPORTED',
      `Layer '${layer}' is a custom operator, ${opType} of ${domain}, which ONNX Runtime does not have`,
      { hint: 'The graph can be looked at, but not run.' },
    );
  }
}
