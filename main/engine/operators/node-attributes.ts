import { clampedNumber } from '../graph/attributes.ts';
import type { AttributeValue, Node } from '../graph/ir.ts';

type ValueOf<T extends AttributeValue['type']> = (AttributeValue & { readonly type: T })['value'];

/**
 * Lenient reading of a node's attributes for inference: what is absent or of another type is undefined, since a wrong
 * attribute must not stop a model from opening. int64 comes as a number, see `clampedNumber`.
 */
export class NodeAttributes {
  readonly #byName = new Map<string, AttributeValue>();

  constructor(node: Node) {
    for (const attribute of node.attributes) this.#byName.set(attribute.name, attribute);
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  get<T extends AttributeValue['type']>(name: string, type: T): ValueOf<T> | undefined {
    const attribute = this.#byName.get(name);
    if (attribute?.type !== type) return undefined;
    return attribute.value as never;
  }

  int(name: string): number | undefined {
    const value = this.get(name, 'int');
    return value === undefined ? undefined : clampedNumber(value);
  }

  ints(name: string): number[] | undefined {
    return this.get(name, 'ints')?.map(clampedNumber);
  }

  text(name: string): string | undefined {
    const value = this.get(name, 'string');
    return value === undefined ? undefined : new TextDecoder().decode(value);
  }
}
