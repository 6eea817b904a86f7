/** One case of the bench of opening, in a process of its own: `open-case.ts read|open|inspect FILE`; prints JSON. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { validateModel } from '../../main/engine/graph/validate.ts';
import { walkNodes } from '../../main/engine/graph/walk.ts';
import { openModel } from '../../main/engine/onnx/open.ts';

export interface OpenReport {
  readonly ms: number;
  /** Highest resident memory of the process. */
  readonly peakBytes: number;
}

const [kind, path = ''] = process.argv.slice(2);

async function work(): Promise<number> {
  if (kind === 'read') return createHash('sha256').update(readFileSync(path)).digest().length;
  const { model } = await openModel(path);
  if (kind === 'open') return model.graph.nodes.length;
  return validateModel(model).length + [...walkNodes(model)].length;
}

const start = performance.now();
const result = await work();
const ms = performance.now() - start;
if (result < 0) throw new Error('unreachable: keeps the work from being optimised away');
const report: OpenReport = { ms, peakBytes: process.resourceUsage().maxRSS * 1024 };
process.stdout.write(JSON.stringify(report));
