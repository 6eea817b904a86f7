import { Button, Tooltip } from '@mantine/core';
import { IconDiamond, IconPlayerPlayFilled, IconSearch } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { desktop } from '../rpc/bridge.ts';
import { profileShown } from '../state/actions.ts';
import { showDialog } from '../state/dialogs.ts';
import { isActive, useJobs } from '../state/jobs.ts';
import { shownTrialId, useSession } from '../state/session.ts';
import { Menubar } from './Menubar.tsx';
import { ModelMenu } from './ModelMenu.tsx';
import { RunChoosers } from './RunChoosers.tsx';
import classes from './TitleBar.module.css';
import { TrialChoosers } from './TrialChoosers.tsx';
import { shortcutText } from './shortcuts.ts';

/** Model, trials, how it is run, Profile, palette. */
export function TitleBar(): ReactNode {
  const name = useSession((state) => state.model?.entry.name);
  return (
    <header className={classes['bar']}>
      <IconDiamond size={17} stroke={1.7} className={classes['logo'] ?? ''} aria-label="Lapidary" />
      {desktop() === undefined && <Menubar />}
      <span className={classes['line']} />
      <ModelMenu />
      {name !== undefined && (
        <>
          <h1 className="lap-unseen">{name}</h1>
          <span className={classes['line']} />
          <TrialChoosers />
          <span className={classes['line']} />
          <RunChoosers />
          <ProfileButton />
        </>
      )}
      <span className={classes['space']} />
      <Tooltip label="Command palette">
        <button type="button" className={classes['palette']} onClick={() => showDialog('palette')}>
          <IconSearch size={13} />
          <span className="lap-unseen">Command palette</span>
          <span>{shortcutText('Mod+K')}</span>
        </button>
      </Tooltip>
    </header>
  );
}

function ProfileButton(): ReactNode {
  const trialId = useSession(shownTrialId);
  const connected = useSession((state) => state.connection === 'open');
  const busy = useJobs((state) =>
    [...state.jobs.values()].some((job) => isActive(job) && job.trialId === trialId && job.kind === 'profile'),
  );
  return (
    <Button
      ml={6}
      className={classes['profile'] ?? ''}
      h={26}
      size="compact-sm"
      leftSection={<IconPlayerPlayFilled size={11} />}
      loading={busy}
      disabled={!connected || trialId === null}
      onClick={() => void profileShown()}
    >
      Profile
    </Button>
  );
}
