/** Runs all benches and prints a table; exit code 1 when one passes its limit. `npm run bench [NAME…]` */
import { bench as calibrate } from './calibrate.ts';
import { bench as cut } from './cut.ts';
import { bench as evaluate } from './evaluate.ts';
import { bench as int8 } from './int8.ts';
import { mixedPolicies } from './int8-policy.ts';
import { bench as int8Assets } from './int8-assets.ts';
import { bench as memory } from './memory.ts';
import { bench as open } from './open.ts';
import { bench as pan } from './pan.ts';
import { bench as picture } from './picture.ts';
import { bench as profile } from './profile.ts';
import { bench as prune } from './prune.ts';
import { bench as quantize } from './quantize.ts';
import { bench as size } from './size.ts';
import { bench as slider } from './slider.ts';
import { bench as train } from './train.ts';
import { bench as weights } from './weights.ts';
import { bench as window } from './window.ts';
import type { BenchRow } from './bench-row.ts';

const BENCHES: Readonly<Record<string, () => Promise<BenchRow[]>>> = {
  calibrate,
  cut,
  evaluate,
  int8,
  'int8-assets': int8Assets,
  'int8-policy': mixedPolicies,
  memory,
  open,
  pan,
  picture,
  profile,
  prune,
  quantize,
  size,
  slider,
  train,
  weights,
  window,
};

const wanted = process.argv.slice(2);
const names = wanted.length > 0 ? wanted : Object.keys(BENCHES);
let failed = 0;
for (const name of names) {
  const bench = BENCHES[name];
  if (bench === undefined) throw new Error(`No bench '${name}'; there are ${Object.keys(BENCHES).join(', ')}`);
  for (const row of await bench()) {
    if (!row.pass) failed++;
    const limit = row.limit === Infinity ? '' : `≤ ${row.limit}`;
    const verdict = row.limit === Infinity ? '' : row.pass ? 'ok' : 'FAIL';
    console.log(`${verdict.padEnd(4)}  ${row.ratio.toFixed(3).padStart(10)}  ${limit.padEnd(8)} ${row.name}`);
  }
}
process.exitCode = failed > 0 ? 1 : 0;
