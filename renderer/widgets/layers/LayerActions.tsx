import { Menu } from '@mantine/core';
import { IconBan, IconBinary, IconCheck, IconLock } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { LAYER_PRECISIONS } from '../../../main/contract/recipe/quantize-static.ts';
import { precisionBy, PRECISION_TITLES, setPrecision } from '../../state/precision.ts';
import { excludedBy, setExcluded, useRecipe } from '../../state/recipe.ts';

/** Items of a menu: what can be done to layers in the recipe. All undoable. */
export function LayerActions({ layers }: { readonly layers: readonly string[] }): ReactNode {
  const unquantized = useRecipe(({ draft, chosen }) => excludedBy(draft, 'quantize', chosen));
  const unpruned = useRecipe(({ draft, chosen }) => excludedBy(draft, 'prune', chosen));
  const [only] = layers;
  const own = useRecipe(({ draft, chosen }) =>
    layers.length === 1 && only !== undefined ? precisionBy(draft, chosen, only) : null,
  );
  const kept = isWithin(layers, unquantized);
  const frozen = isWithin(layers, unpruned);
  return (
    <>
      <Menu.Item leftSection={<IconBan size={14} />} onClick={() => setExcluded('quantize', layers, !kept)}>
        {kept ? 'Allow quantization' : 'Exclude from quantization'}
      </Menu.Item>
      <Menu.Sub>
        <Menu.Sub.Target>
          <Menu.Sub.Item leftSection={<IconBinary size={14} />}>Precision</Menu.Sub.Item>
        </Menu.Sub.Target>
        <Menu.Sub.Dropdown>
          <Menu.Item onClick={() => setPrecision(layers, null)}>As the step says</Menu.Item>
          {LAYER_PRECISIONS.map((precision) => (
            <Menu.Item
              key={precision}
              rightSection={precision === own ? <IconCheck size={12} /> : undefined}
              onClick={() => setPrecision(layers, precision)}
            >
              {PRECISION_TITLES[precision]}
            </Menu.Item>
          ))}
        </Menu.Sub.Dropdown>
      </Menu.Sub>
      <Menu.Item leftSection={<IconLock size={14} />} onClick={() => setExcluded('prune', layers, !frozen)}>
        {frozen ? 'Allow pruning' : 'Freeze for pruning'}
      </Menu.Item>
    </>
  );
}

/** Whether all layers are in the list; a set, for thousands of both. */
function isWithin(layers: readonly string[], list: readonly string[]): boolean {
  const listed = new Set(list);
  return layers.every((layer) => listed.has(layer));
}
