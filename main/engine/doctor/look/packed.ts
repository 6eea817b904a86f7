import type { Finding } from '../../../contract/doctor.ts';
import {
  mendableSettings,
  packedProducts,
  slowSettings,
  type PackedProduct,
  type SlowSetting,
} from '../../passes/packed-weights.ts';
import { counted, layer, rewriteFix, type Subject } from '../subject.ts';

/** What each setting costs, as said to people. */
const WORDS: Readonly<Record<SlowSetting, (product: PackedProduct) => string>> = {
  'float-zero-points': () => 'float zero points',
  'group-index': () => 'a group index (g_idx)',
  'accuracy-level': ({ bits, accuracyLevel }) => `${bits} bits with accuracy level ${accuracyLevel}`,
  'block-of-2-bits': ({ block }) => `2 bits in blocks of ${block}`,
};

/** Packed products that fall off the runtime's fast path; one finding for the same settings, of which the same can be mended. */
export function slowPacked({ index }: Pick<Subject, 'index'>): readonly Finding[] {
  const products = packedProducts(index).map((product) => {
    const [slow, mendable] = [slowSettings(product), new Set(mendableSettings(product))];
    const words = (settings: readonly SlowSetting[]): string =>
      settings.map((setting) => WORDS[setting](product)).join(', ');
    return {
      product,
      slow,
      words: words(slow),
      rest: words(slow.filter((setting) => !mendable.has(setting))),
      mendable,
    };
  });
  const groups = Map.groupBy(
    products.filter(({ slow }) => slow.length > 0),
    ({ words, rest }) => `${words}; ${rest}`,
  );
  return [...groups.values()].map((found): Finding => {
    const { product, slow, words, rest, mendable } = found[0]!;
    const kept = rest === '' ? '' : ` Not mended without quantizing again: ${rest}.`;
    return {
      code: 'packed-slow',
      // Accuracy level alone costs 4-bit weights a factor of three; all else tens.
      severity: slow.every((setting) => setting === 'accuracy-level') && product.bits === 4 ? 'hint' : 'warning',
      text: `${counted(found.length, 'product')} with packed weights ${found.length === 1 ? 'has' : 'have'} ${words}: the runtime has no fast kernel for that.${kept}`,
      evidence: [{ label: 'products', value: found.length, unit: '' }],
      layers: found.map((one) => layer(one.product.node, `${one.product.k} × ${one.product.n}`)),
      measured: false,
      fix: mendable.size === 0 ? null : rewriteFix('Fast packed weights', { pass: 'fast-packed-weights' }),
    };
  });
}
