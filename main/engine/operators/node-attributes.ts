import { clampedNumber } from '../graph/attributes.ts';
import type { AttributeValue, Node } from '../graph/ir.ts';

type ValueOf<T extends AttributeValue['type']> = (AttributeValue & { readonly type: T })['value'];

/**
 * Lenient reading of a node's attributes for inference: what is absent or of another type is undefined, since a wrong
 * attribute must not stop a model from opening. int64 comes as a number, see `clampedNumber`.
 */
export class NodeAttributes {
  readonly #all: Node['attributes'];

  constructor(node: Node) {
    this.#all = node.attributes;
  }

  /** The last of the name. Nodes have few: a map of them takes longer to make than to do without. */
  #find(name: string): AttributeValue | undefined {
    const all = this.#all;
    for (let at = all.length - 1; at >= 0; at--) if (all[at]!.name === name) return all[at];
    return undefined;
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  get<T extends AttributeValue['type']>(name: string, type: T): ValueOf<T> | undefined {
    const attribute = this.#find(name);
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
