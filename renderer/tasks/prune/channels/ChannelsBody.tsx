import { Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import type { ChannelPlan } from '../../../../main/contract/channel-plan.ts';
import type { ChannelPruning } from '../../../../main/contract/recipe/prune-channels.ts';
import type { MeasuredPlan } from '../../../../main/judge/predict/measured-plan.ts';
import { pastErrors } from '../../../../main/judge/predict/past-errors.ts';
import { EmptyState } from '../../../design/EmptyState.tsx';
import { useChannelPlan } from '../../../state/queries.ts';
import { useSession } from '../../../state/session.ts';
import { BaselineHint } from '../../../widgets/BaselineHint.tsx';
import { GridTools } from '../../../widgets/grid/GridTools.tsx';
import { Loaded } from '../../../widgets/Loaded.tsx';
import { ToolbarSpace } from '../../../design/Task.tsx';
import type { DraftPrediction } from '../../../widgets/useDraftPrediction.ts';
import { ChannelFigures } from './ChannelFigures.tsx';
import classes from './channels.module.css';
import { GroupGrid, useGroupGrid } from './GroupGrid.tsx';
import { LowerBar, type Shown } from './LowerBar.tsx';
import { countWords, cutNote, errorWords, groupRows, widthWords, type GroupRow } from './model.ts';
import { SensitivityMap } from './SensitivityMap.tsx';
import { TargetSlider } from './TargetSlider.tsx';
import { TimesBar } from './TimesBar.tsx';
import { WidthChart } from './WidthChart.tsx';

interface ChannelsBodyProps {
  readonly step: ChannelPruning;
  /** The step is not there, or switched off. */
  readonly off: boolean;
  readonly prediction: DraftPrediction;
}

/** Pruning of whole channels: a slider for all, one for each group, and what the model is worth then. */
export function ChannelsBody(props: ChannelsBodyProps): ReactNode {
  const plan = useChannelPlan(useSession((state) => state.model?.entry.id ?? null));
  return (
    <Loaded query={plan} loading="Looking at what goes with what…">
      {(value) =>
        value.groups.length === 0 ? (
          <NoGroups plan={value} />
        ) : (
          <Groups plan={props.prediction.inputs.channelPlan ?? value} {...props} />
        )
      }
    </Loaded>
  );
}

/** Reasons that are told before "and so on". */
const REASONS = 6;

function NoGroups({ plan }: { readonly plan: ChannelPlan }): ReactNode {
  return (
    <EmptyState title="No channels of this model can be cut">
      {plan.frozen.length === 0
        ? 'No layer has weights that are stored as floats.'
        : plan.frozen.slice(0, REASONS).map(({ name, reason }) => (
            <div key={name}>
              <b>{name}</b>: {reason}
            </div>
          ))}
      {plan.frozen.length > REASONS && <div>and {plan.frozen.length - REASONS} more</div>}
      {plan.frozen.length > 0 && <div>Single weights can be pruned instead.</div>}
    </EmptyState>
  );
}

function Groups({ plan, step, off, prediction }: ChannelsBodyProps & { readonly plan: MeasuredPlan }): ReactNode {
  const cut = off ? null : prediction.predicted.channels;
  const errors = useMemo(() => pastErrors(prediction.inputs), [prediction.inputs]);
  const rows = useMemo(() => groupRows(plan, step, cut), [plan, step, cut]);
  const grid = useGroupGrid(plan, step, rows);
  const predicted = (prediction.measured?.prune ?? null) === null;
  const { ref: body, height } = useElementSize();
  const [shown, setShown] = useState<Shown>('groups');
  const [pointed, setPointed] = useState<GroupRow | null>(null);
  const notes = [cutNote(plan, step, { off, cut }), errorWords(errors)].filter((words) => words !== null);
  return (
    <>
      <TargetSlider plan={plan} step={step} off={off} cut={cut} predicted={predicted} />
      <BaselineHint />
      <ChannelFigures plan={plan} prediction={prediction} />
      {notes.length > 0 && (
        <Text className={classes['note'] ?? ''} role="status">
          {notes.join(' ')}
        </Text>
      )}
      <div ref={body} className={classes['body']}>
        {shown === 'groups' ? (
          <>
            <LowerBar shown={shown} onShow={setShown}>
              <span className={`lap-muted ${classes['told'] ?? ''}`}>
                {pointed === null ? countWords(plan) : widthWords(pointed)}
              </span>
              <ToolbarSpace />
              <TimesBar plan={plan} step={step} />
              <GridTools grid={grid} noun="groups" fileName="channel-groups" />
            </LowerBar>
            <WidthChart
              rows={rows}
              predicted={predicted && !off}
              height={Math.round(Math.min(120, Math.max(44, height * 0.24)))}
              onPoint={setPointed}
            />
            <div className={classes['grid']}>
              <GroupGrid grid={grid} rows={rows} />
            </div>
          </>
        ) : (
          <SensitivityMap step={step} rows={rows} onShow={setShown} />
        )}
      </div>
    </>
  );
}
