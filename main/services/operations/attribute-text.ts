import type { Attribute, AttributeValue, Tensor } from '../../engine/graph/ir.ts';

const MAX_ITEMS = 64;
const MAX_TEXT = 2000;
const decoder = new TextDecoder();

/** An attribute's value as people read it; long lists and texts are cut with an ellipsis. */
export function attributeText(attribute: Attribute): string {
  const text = valueText(attribute);
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

function valueText(attribute: AttributeValue): string {
  switch (attribute.type) {
    case 'float':
      return floatText(attribute.value);
    case 'int':
      return String(attribute.value);
    case 'string':
      return decoder.decode(attribute.value);
    case 'tensor':
      return tensorText(attribute.value);
    case 'graph':
      return `graph '${attribute.value.name}', ${attribute.value.nodes.length} nodes`;
    case 'sparseTensor':
      return `sparse ${tensorText(attribute.value.values)}`;
    case 'floats':
      return list(attribute.value, floatText);
    case 'ints':
      return list(attribute.value, String);
    case 'strings':
      return list(attribute.value, (value) => decoder.decode(value));
    case 'tensors':
      return list(attribute.value, tensorText);
    case 'graphs':
      return list(attribute.value, (graph) => `graph '${graph.name}'`);
    case 'sparseTensors':
      return list(attribute.value, ({ values }) => `sparse ${tensorText(values)}`);
    case 'typeProto':
      return attribute.value.kind;
    case 'typeProtos':
      return list(attribute.value, ({ kind }) => kind);
    case 'reference':
      return `@${attribute.value}`;
  }
}

function list<T>(values: readonly T[], text: (value: T) => string): string {
  const shown = values.slice(0, MAX_ITEMS).map(text);
  return `[${shown.join(', ')}${values.length > MAX_ITEMS ? `, … ${values.length} in all` : ''}]`;
}

/** The shortest decimal that is the same float32: 0.1, not 0.10000000149011612. */
function floatText(value: number): string {
  for (let digits = 6; digits <= 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(value);
}

function tensorText({ dtype, dims }: Tensor): string {
  return `${dtype}[${dims.join(', ')}]`;
}
