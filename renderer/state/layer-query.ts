import type { LayerFacts } from './layer-facts.ts';

/**
 * The search language: terms with spaces between them must all hold.
 *
 *     conv layer1        both texts in the name, the operator or a tensor's name
 *     "conv1"            exactly this name, operator or tensor
 *     op:Conv op:*Pool   operator (case does not matter; * is any text)
 *     dtype:int8         type
 *     shape:1x64         these dimensions one after the other in the output's shape
 *     time>1ms macs>=5M params<100K memory>1MB sparsity>50% sqnr<20dB share>5%
 *     -op:Relu           not
 */
export type LayerTest = (layer: LayerFacts) => boolean;

const MEASURES: Readonly<Record<string, (layer: LayerFacts) => number | null>> = {
  time: (layer) => layer.timeMs,
  macs: (layer) => layer.macs,
  params: (layer) => layer.parameters,
  parameters: (layer) => layer.parameters,
  memory: (layer) => layer.bytes,
  bytes: (layer) => layer.bytes,
  sparsity: (layer) => layer.sparsity,
  share: (layer) => layer.share,
  sqnr: (layer) => layer.sqnrDb,
  error: (layer) => layer.sqnrDb,
  gmacs: (layer) => layer.gmacsPerSecond,
};

/** To the unit of the field: milliseconds, bytes, plain counts, shares. */
const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  '%': 0.01,
  db: 1,
};

/** The test that a query means; an empty query accepts everything. */
export function parseLayerQuery(query: string): LayerTest {
  const tests = [...query.matchAll(/(-?)([\w]+[:<>=]+)?("[^"]*"?|[^\s"]+)/g)].map(([, minus, field, text]) => {
    const test = termTest(field ?? '', text ?? '');
    return minus === '-' ? (layer: LayerFacts) => !test(layer) : test;
  });
  return (layer) => tests.every((test) => test(layer));
}

function termTest(field: string, text: string): LayerTest {
  const value = text.replaceAll('"', '');
  const name = field.replace(/[:<>=]+$/, '').toLowerCase();
  const operator = field.slice(name.length);
  if (operator === ':' || operator === '=') {
    if (name === 'op') return patternTest(value, (layer) => layer.op);
    if (name === 'dtype') return patternTest(value, (layer) => layer.dtype ?? '');
    if (name === 'name') return containsTest(value, (layer) => [layer.name]);
    if (name === 'scope') return containsTest(value, (layer) => [layer.scope]);
    if (name === 'shape') return shapeTest(value);
  }
  const measure = MEASURES[name];
  const limit = parseLimit(value);
  if (measure !== undefined && limit !== null) return compareTest(operator, measure, limit);
  if (text.startsWith('"') && field === '') return (layer) => textsOf(layer).includes(value);
  return containsTest(field + value, textsOf);
}

function textsOf(layer: LayerFacts): readonly string[] {
  return [layer.name, layer.op, ...layer.inputs, ...layer.outputs];
}

function containsTest(text: string, textsOfLayer: (layer: LayerFacts) => readonly string[]): LayerTest {
  const wanted = text.toLowerCase();
  return (layer) => textsOfLayer(layer).some((candidate) => candidate.toLowerCase().includes(wanted));
}

function patternTest(pattern: string, textOf: (layer: LayerFacts) => string): LayerTest {
  const escaped = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*');
  const expression = new RegExp(`^${escaped}$`, 'i');
  return (layer) => expression.test(textOf(layer));
}

function shapeTest(text: string): LayerTest {
  const wanted = text
    .toLowerCase()
    .split(/[x×,]/)
    .filter((part) => part !== '');
  return ({ shape }) => {
    if (shape === null) return false;
    const dims = shape.map((dim) => String(dim ?? '?').toLowerCase());
    return dims.some((_dim, start) => wanted.every((part, offset) => part === '*' || dims[start + offset] === part));
  };
}

function parseLimit(text: string): number | null {
  const match = /^(-?\d+(?:\.\d+)?(?:e-?\d+)?)\s*([a-zµ%]*)$/i.exec(text);
  const unit = match === null ? undefined : UNITS[(match[2] ?? '').toLowerCase()];
  return match === null || unit === undefined ? null : Number(match[1]) * unit;
}

function compareTest(operator: string, measure: (layer: LayerFacts) => number | null, limit: number): LayerTest {
  return (layer) => {
    const value = measure(layer);
    if (value === null) return false;
    switch (operator) {
      case '>':
        return value > limit;
      case '<':
        return value < limit;
      case '>=':
        return value >= limit;
      case '<=':
        return value <= limit;
      default:
        return value === limit;
    }
  };
}
