import { describe, expect, it } from 'vitest';
import { Network } from '../../../../../main/engine/quantize/speed/min-cut.ts';

/** The network of Ford and Fulkerson as in Cormen et al., Introduction to Algorithms, figure 26.1: the greatest flow is 23. */
function textbook(): { readonly network: Network; readonly nodes: readonly number[] } {
  const network = new Network();
  const nodes = Array.from({ length: 6 }, () => network.node());
  const edges = [
    [0, 1, 16],
    [0, 2, 13],
    [1, 3, 12],
    [2, 1, 4],
    [3, 2, 9],
    [2, 4, 14],
    [4, 3, 7],
    [3, 5, 20],
    [4, 5, 4],
  ] as const;
  for (const [from, to, capacity] of edges) network.edge(from, to, capacity);
  return { network, nodes };
}

describe('the cheapest cut', () => {
  it('is 23 in the network of the textbook, between {s, v1, v2, v4} and {v3, t}', () => {
    const { network } = textbook();
    expect(network.sourceSide(0, 5)).toEqual({ cost: 23, inside: [true, true, true, false, true, false] });
  });

  it('never goes through an edge without end, and is without end where no other is left', () => {
    const network = new Network();
    const [a, b, c] = [network.node(), network.node(), network.node()];
    network.edge(a, b, Infinity);
    network.edge(b, c, 2);
    expect(network.sourceSide(a, c)).toEqual({ cost: 2, inside: [true, true, false] });
    const endless = new Network();
    const [from, to] = [endless.node(), endless.node()];
    endless.edge(from, to, Infinity);
    expect(endless.sourceSide(from, to).cost).toBe(Infinity);
  });

  it('costs nothing where nothing leads to the sink', () => {
    const network = new Network();
    const [a, b, c] = [network.node(), network.node(), network.node()];
    network.edge(a, b, 1);
    network.edge(c, b, 1);
    expect(network.sourceSide(a, c)).toEqual({ cost: 0, inside: [true, true, false] });
  });

  it('follows paths of 20,000 edges', () => {
    const network = new Network();
    const nodes = Array.from({ length: 20_001 }, () => network.node());
    for (let at = 0; at < 20_000; at++) network.edge(nodes[at]!, nodes[at + 1]!, at === 12_345 ? 0.5 : 1);
    const { cost, inside } = network.sourceSide(nodes[0]!, nodes.at(-1)!);
    expect(cost).toBe(0.5);
    expect([inside[12_345], inside[12_346]]).toEqual([true, false]);
  });
});
