import { useMemo } from 'react';
import type { ReactNode } from 'react';
import type { LayerTable } from '../../../../main/contract/layers.ts';
import type { Comparison } from '../../../../main/contract/studio.ts';
import { layerGraph } from '../../../state/graph-of-layers.ts';
import { Loaded } from '../../../widgets/Loaded.tsx';
import { diffOf } from '../diff.ts';
import type { CompareRow } from '../model.ts';
import { useComparedFile, useModelLayers } from '../store.ts';
import { DiffBeside } from './DiffBeside.tsx';
import { DiffTogether } from './DiffTogether.tsx';

interface DiffGraphsProps {
  readonly comparison: Comparison;
  readonly rows: readonly CompareRow[];
  /** Two graphs, or one of both models. */
  readonly how: 'beside' | 'together';
  /** First in the bar over them. */
  readonly lead: ReactNode;
}

/** The graphs of two models with what differs. */
export function DiffGraphs(props: DiffGraphsProps): ReactNode {
  const { a, b } = props.comparison;
  const file = useComparedFile();
  const layersA = useModelLayers({ trialId: a.id });
  const layersB = useModelLayers(file === null ? { trialId: b.id } : { path: file });
  return (
    <Loaded query={layersA} loading="Reading the graph of A…">
      {(tableA) => (
        <Loaded query={layersB} loading="Reading the graph of B…">
          {(tableB) => <Graphs {...props} tables={[tableA, tableB]} />}
        </Loaded>
      )}
    </Loaded>
  );
}

interface GraphsProps extends DiffGraphsProps {
  readonly tables: readonly [LayerTable, LayerTable];
}

function Graphs({ comparison, rows, how, lead, tables: [tableA, tableB] }: GraphsProps): ReactNode {
  const viewA = useMemo(() => layerGraph(tableA, null), [tableA]);
  const viewB = useMemo(() => layerGraph(tableB, null), [tableB]);
  const diff = useMemo(() => diffOf(rows), [rows]);
  const views = { a: viewA, b: viewB };
  const { a, b } = comparison;
  const Shown = how === 'beside' ? DiffBeside : DiffTogether;
  return <Shown diff={diff} views={views} names={{ a: a.name, b: b.name }} id={`${a.id}|${b.id}`} lead={lead} />;
}
