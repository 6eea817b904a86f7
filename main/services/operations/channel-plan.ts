import type { ChannelPlan } from '../../contract/channel-plan.ts';
import type { TaskContext } from '../../base/progress.ts';
import { channelPlan as planChannels } from '../../engine/prune/structure/channel-plan.ts';
import { openShared } from './opened-models.ts';
import type { OperationParams } from './operation-map.ts';
import { runners } from './runners.ts';

/** What can be cut of a model, and what it would be worth at any widths. @throws what `channelPlan` throws */
export async function channelPlan(
  { path }: OperationParams<'channelPlan'>,
  { signal }: TaskContext,
): Promise<ChannelPlan> {
  const { model } = await openShared(path);
  const { shapes, widths, groups, layers, frozen } = await planChannels(model, { runners, signal });
  const axisOf = ({ fixed, parts }: (typeof widths.axes)[number]) => ({ fixed, parts: [...parts] });
  return {
    shapes,
    widths: {
      groups: widths.groups.map((group) => ({ ...group, layers: [...group.layers] })),
      axes: widths.axes.map(axisOf),
      tensors: widths.tensors.map((tensor) => ({ ...tensor, axes: [...tensor.axes] })),
      layers: widths.layers.map((layer) => ({
        ...layer,
        tensors: [...layer.tensors],
        axes: [...layer.axes],
        inputAxes: [...layer.inputAxes],
      })),
    },
    groups: groups.map(({ consumers, scores }) => ({ consumers: [...consumers], scores })),
    layers: layers.map(({ name, op, channels }) => ({ name, op, channels: axisOf(channels) })),
    frozen: [...frozen],
  };
}
