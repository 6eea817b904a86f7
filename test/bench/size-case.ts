/** One case of the bench of size, in a process of its own: `size-case.ts parse|open FILE`; prints JSON. */
import { openModel } from '../../main/engine/onnx/open.ts';
import { quietContext } from '../../main/base/progress.ts';
import { layerRows } from '../../main/judge/layer-table.ts';
import { packFrame } from '../../main/rpc/socket-port.ts';
import { runOperation } from '../../main/services/operations/operations.ts';

export interface SizeReport {
  readonly ms: number;
  /** Highest resident memory of the process. */
  readonly peakBytes: number;
  /** Of the table of layers as it travels. */
  readonly tableBytes: number;
  /** The slower of reading one row and of filtering all names. */
  readonly filterMs: number;
}

const [kind, path = ''] = process.argv.slice(2);

const start = performance.now();
let tableBytes = 0;
let filterMs = 0;
if (kind === 'parse') await openModel(path);
else {
  // What the window asks for when a model is opened.
  await runOperation('summary', { path, dims: {} }, quietContext());
  const table = await runOperation('layers', { path, source: null, sources: null }, quietContext());
  tableBytes = packFrame(table).length;
  if (layerRows(table).length === 0) throw new Error('the model has no layers');
  const before = performance.now();
  if (table.names.filter((name) => name.includes('/attn/q')).length === 0) throw new Error('nothing was found');
  filterMs = performance.now() - before;
}
const ms = performance.now() - start;
const report: SizeReport = { ms, peakBytes: process.resourceUsage().maxRSS * 1024, tableBytes, filterMs };
process.stdout.write(JSON.stringify(report));
