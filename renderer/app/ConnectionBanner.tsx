import { Button, Loader } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { engine } from '../state/engine.ts';
import { useSession } from '../state/session.ts';
import classes from './ConnectionBanner.module.css';

/** A start is not worth a banner unless it takes longer than this. */
const PATIENCE_MS = 2500;

/** Says that the engine is away, and that it is being fetched back. */
export function ConnectionBanner(): ReactNode {
  const connection = useSession((state) => state.connection);
  return connection === 'open' ? null : <Banner key={connection} lost={connection === 'lost'} />;
}

function Banner({ lost }: { readonly lost: boolean }): ReactNode {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!lost && !late) return null;
  return (
    <div role="alert" className={classes['banner']}>
      <Loader color="currentColor" />
      <span>
        {lost
          ? 'The engine stopped; restarting… Your trials are safe, running jobs were interrupted.'
          : 'Connecting to the engine…'}
        {late && ' If it does not come back, open the studio again with the address that Lapidary printed.'}
      </span>
      <Button variant="default" onClick={() => engine().reconnect()}>
        Connect now
      </Button>
    </div>
  );
}
