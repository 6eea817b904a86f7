#!/usr/bin/env node
'use strict';
// CommonJS without syntax newer than Node 12, so that an old Node gets a sentence and not a syntax error.
if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error('lapidary: USAGE: Node ' + process.versions.node + ' is too old, expected 20 or newer');
  process.exit(2);
}
import('../scripts/lapidary.mjs');
