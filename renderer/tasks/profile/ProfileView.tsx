import type { ReactNode } from 'react';
import { Button, List, SegmentedControl } from '@mantine/core';
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
import { CompareProfiles } from './parts/CompareProfiles.tsx';
import { EnergySection } from './parts/EnergySection.tsx';
import { ImportedLine } from './parts/ImportTrace.tsx';
import { LayerTimes } from './parts/LayerTimes.tsx';
import { LiveMemory } from './parts/LiveMemory.tsx';
import { LoadingSection } from './parts/LoadingSection.tsx';
import { WaterfallSection } from './parts/WaterfallSection.tsx';
import { RooflineSection } from './parts/RooflineSection.tsx';
import { SweepSection } from './parts/SweepSection.tsx';
import { TimelineSection } from './parts/TimelineSection.tsx';
import { PROFILE_PARTS, runProfile, useImportedProfile, useProfileOptions, useProfileTask } from './store.ts';
import type { ProfilePart } from './store.ts';

/** The Profile task: what the shown trial costs here, kernel by kernel. */
export function ProfileView(): ReactNode {
  const trial = useShownTrial();
  const loaded = useTrialProfile(trial?.id ?? null);
  const imported = useImportedProfile(({ trialId, profile }) => (trialId === (trial?.id ?? null) ? profile : null));
  const running = useProfileTask((task) => task.state.status === 'running');
  if (trial === undefined) return <EmptyState title="No model is open">Open one to see what it costs here.</EmptyState>;
  return (
    <div className={classes['view']}>
      <ProfileToolbar trial={trial} profile={loaded.data ?? null} />
      <div className={classes['content']}>
        <Loaded query={loaded} loading="Looking for a kept profile…">
          {(measured) => {
            const profile = imported ?? measured;
            return profile === null ? (
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
              <>
                <ImportedLine profile={profile} />
                <ProfileContent profile={profile} />
              </>
            );
          }}
        </Loaded>
      </div>
    </div>
  );
}

const PART_TITLES: Readonly<Record<ProfilePart, string>> = {
  time: 'Time',
  layers: 'Layers',
  roofline: 'Roofline',
  memory: 'Memory',
  settings: 'Settings',
  energy: 'Energy',
  compare: 'Compare',
  kernels: 'Kernels',
};

function PartChoice(): ReactNode {
  const part = useProfileOptions((options) => options.part);
  return (
    <div className={classes['parts']}>
      <SegmentedControl
        aria-label="Part of the profile"
        value={part}
        onChange={(value) => useProfileOptions.setState({ part: value as ProfilePart })}
        data={PROFILE_PARTS.map((value) => ({ value, label: PART_TITLES[value] }))}
      />
    </div>
  );
}

function Part({ profile }: { readonly profile: Profile }): ReactNode {
  switch (useProfileOptions((options) => options.part)) {
    case 'time':
      return (
        <>
          <LatencySection profile={profile} />
          <TimelineSection profile={profile} />
          <WaterfallSection profile={profile} />
          <LoadingSection profile={profile} />
        </>
      );
    case 'layers':
      return (
        <>
          <LayerTimes profile={profile} />
          <OpTotals profile={profile} />
        </>
      );
    case 'roofline':
      return <RooflineSection profile={profile} />;
    case 'memory':
      return (
        <>
          <LiveMemory profile={profile} />
          <MemoryChart profile={profile} />
        </>
      );
    case 'settings':
      return <SweepSection />;
    case 'energy':
      return <EnergySection profile={profile} />;
    case 'compare':
      return <CompareProfiles profile={profile} />;
    case 'kernels':
      return (
        <section className={classes['section']} aria-label="Kernels">
          <div className={classes['kernels']}>
            <KernelTable profile={profile} />
          </div>
        </section>
      );
  }
}

function ProfileContent({ profile }: { readonly profile: Profile }): ReactNode {
  return (
    <>
      <PartChoice />
      <Part profile={profile} />
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
