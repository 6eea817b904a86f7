import type { ReactNode } from 'react';
import { Button, List } from '@mantine/core';
import { IconGauge } from '@tabler/icons-react';
import type { Profile } from '../../../main/contract/results.ts';
import { EmptyState } from '../../design/EmptyState.tsx';
import { useTrialProfile } from '../../state/queries.ts';
import { useShownTrial } from '../../state/session.ts';
import { Loaded } from '../../widgets/Loaded.tsx';
import classes from './ProfileView.module.css';
import { KernelTable } from './parts/KernelTable.tsx';
import { LatencySection } from './parts/LatencySection.tsx';
import { MemoryChart } from './parts/MemoryChart.tsx';
import { OpTotals } from './parts/OpTotals.tsx';
import { ProfileToolbar } from './parts/ProfileToolbar.tsx';
import { TimelineSection } from './parts/TimelineSection.tsx';
import { runProfile, useProfileTask } from './store.ts';

/** The Profile task: what the shown trial costs here, kernel by kernel. */
export function ProfileView(): ReactNode {
  const trial = useShownTrial();
  const loaded = useTrialProfile(trial?.id ?? null);
  const running = useProfileTask((task) => task.state.status === 'running');
  if (trial === undefined) return <EmptyState title="No model is open">Open one to see what it costs here.</EmptyState>;
  return (
    <div className={classes['view']}>
      <ProfileToolbar trial={trial} profile={loaded.data ?? null} />
      <div className={classes['content']}>
        <Loaded query={loaded} loading="Looking for a kept profile…">
          {(profile) =>
            profile === null ? (
              <EmptyState
                title={`“${trial.name}” was not measured yet`}
                icon={<IconGauge size={28} />}
                action={
                  <Button onClick={() => void runProfile()} loading={running}>
                    Measure now
                  </Button>
                }
              >
                Lapidary runs the model on this machine: first undisturbed for the latency, then with every kernel
                recorded to see which layer takes the time. The graph is then coloured by it.
              </EmptyState>
            ) : (
              <ProfileContent profile={profile} />
            )
          }
        </Loaded>
      </div>
    </div>
  );
}

function ProfileContent({ profile }: { readonly profile: Profile }): ReactNode {
  return (
    <>
      <LatencySection profile={profile} />
      <TimelineSection profile={profile} />
      <div className={classes['columns']}>
        <OpTotals profile={profile} />
        <MemoryChart profile={profile} />
      </div>
      <section className={classes['section']} aria-label="Kernels">
        <div className={classes['kernels']}>
          <KernelTable profile={profile} />
        </div>
      </section>
      {profile.notes.length > 0 && (
        <section className={classes['section']} aria-label="Notes">
          <h3 className={classes['heading']}>Notes</h3>
          <List size="xs">
            {profile.notes.map((note) => (
              <List.Item key={note}>{note}</List.Item>
            ))}
          </List>
        </section>
      )}
    </>
  );
}
