import { Button, FileButton, Text } from '@mantine/core';
import { IconFileImport } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Profile } from '../../../../main/contract/results.ts';
import classes from '../ProfileView.module.css';
import { importTrace, useImportedProfile } from '../store.ts';

/** Chooses a trace that was made elsewhere. */
export function ImportButton({ trialId }: { readonly trialId: string }): ReactNode {
  return (
    <FileButton
      accept=".json,application/json"
      onChange={(file) => file !== null && void importTrace(trialId, file)}
      inputProps={{ 'aria-label': 'Trace to import' }}
    >
      {(props) => (
        <Button
          {...props}
          variant="default"
          leftSection={<IconFileImport size={13} />}
          title="A trace that ONNX Runtime wrote elsewhere for this model: Python, C++, a phone"
        >
          Import trace
        </Button>
      )}
    </FileButton>
  );
}

/** Says that an imported trace is looked at, and leads back. */
export function ImportedLine({ profile }: { readonly profile: Profile }): ReactNode {
  if (profile.imported === undefined) return null;
  return (
    <div className={classes['toolbar']} role="status">
      <Text>Imported from {profile.imported}: times of another machine, under the profiler.</Text>
      <Button variant="default" onClick={() => useImportedProfile.setState({ trialId: null, profile: null })}>
        Back to what was measured here
      </Button>
    </div>
  );
}
