import { Button, NumberInput, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Profile } from '../../../../main/contract/results.ts';
import { formatNumber } from '../../../../main/judge/format.ts';
import { ENERGY_CONSTANTS, estimateEnergy } from '../../../../main/judge/profile/energy.ts';
import { formatJoules } from '../../../../main/judge/profile/measured-energy.ts';
import type { EnergyConstants, EnergyEstimate } from '../../../../main/judge/profile/energy.ts';
import { useTrialProfile } from '../../../state/queries.ts';
import { useReferenceTrial, useShownTrial } from '../../../state/session.ts';
import { CopyTools } from '../../../widgets/grid/CopyTools.tsx';
import type { CellColumn } from '../../../widgets/grid/grid-column.ts';
import { useProfileOptions } from '../store.ts';
import { MeasuredEnergyPart } from './MeasuredEnergyPart.tsx';
import classes from './Sweep.module.css';

interface Row {
  readonly name: string;
  readonly energy: EnergyEstimate;
}

const COLUMNS: readonly (CellColumn<Row> & { readonly text: (row: Row) => string })[] = [
  { title: 'Trial', value: ({ name }) => name, text: ({ name }) => name },
  part('Arithmetic', ({ arithmeticJoules }) => arithmeticJoules),
  part('Activations', ({ activationJoules }) => activationJoules),
  part('Weights', ({ weightJoules }) => weightJoules),
  part('An inference', (energy) => energy.joules),
  {
    title: 'All inferences',
    unit: 'Wh',
    value: ({ energy }) => energy.wattHours,
    text: ({ energy }) => `≈ ${formatNumber(energy.wattHours)} Wh`,
  },
  {
    title: 'CO₂',
    unit: 'g',
    value: ({ energy }) => energy.grams,
    text: ({ energy }) => `≈ ${formatNumber(energy.grams)} g`,
  },
];

const FIELDS: readonly { readonly key: keyof EnergyConstants; readonly label: string; readonly help: string }[] = [
  {
    key: 'picojoulesPerFloatMac',
    label: 'pJ per float MAC',
    help: 'Horowitz 2014: 3.7 for the product, 0.9 for the sum.',
  },
  {
    key: 'picojoulesPerInt8Mac',
    label: 'pJ per int8 MAC',
    help: 'Horowitz 2014: 0.2 for the product, 0.1 for the sum in int32.',
  },
  {
    key: 'picojoulesPerActivationByte',
    label: 'pJ per activation byte',
    help: 'From a cache of 1 MB: 100 for 8 bytes.',
  },
  { key: 'picojoulesPerWeightByte', label: 'pJ per weight byte', help: 'From memory: 1300 for 8 bytes.' },
  { key: 'gramsPerKilowattHour', label: 'g CO₂ per kWh', help: 'Of your grid; 480 is the world’s in 2023.' },
  { key: 'inferences', label: 'Inferences', help: 'How many are reckoned up.' },
];

/** An estimate of energy and carbon for an inference, beside that of the baseline; every constant can be changed. */
export function EnergySection({ profile }: { readonly profile: Profile }): ReactNode {
  const trial = useShownTrial();
  const reference = useReferenceTrial();
  const other = useTrialProfile(reference?.id ?? null).data ?? null;
  const constants = useProfileOptions((options) => options.energy);
  const set = (key: keyof EnergyConstants, value: number): void => {
    useProfileOptions.setState({ energy: { ...constants, [key]: value } });
  };
  const rows: readonly Row[] = [
    ...(other !== null && reference !== undefined && reference.id !== trial?.id
      ? [{ name: reference.name, energy: estimateEnergy(other, constants) }]
      : []),
    { name: trial?.name ?? 'shown', energy: estimateEnergy(profile, constants) },
  ];
  return (
    <section className={classes['section']} aria-label="Energy and carbon">
      <div className={classes['head']}>
        <h3>Energy and carbon: an estimate</h3>
        <Text className="lap-muted">
          from multiply–accumulates and bytes with the constants below; what sensors tell stands apart
        </Text>
        <span style={{ flex: 1 }} />
        <CopyTools columns={COLUMNS} rows={rows} noun="energies" fileName="energy" />
      </div>
      <table className={classes['numbers']}>
        <thead>
          <tr>
            {COLUMNS.map(({ title }) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              {COLUMNS.map(({ title, text }) => (
                <td key={title}>{text(row)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <div className={classes['bar']}>
        {FIELDS.map(({ key, label, help }) => (
          <NumberInput
            key={key}
            label={label}
            title={help}
            aria-description={help}
            w={150}
            min={0}
            thousandSeparator=","
            value={constants[key]}
            onChange={(value) => {
              if (typeof value === 'number') set(key, value);
            }}
          />
        ))}
        <Button variant="default" onClick={() => useProfileOptions.setState({ energy: ENERGY_CONSTANTS })}>
          Reset constants
        </Button>
      </div>
      {trial !== undefined && <MeasuredEnergyPart key={trial.id} trialId={trial.id} />}
      <Text className="lap-muted">
        Horowitz 2014 measured chips of 45 nm. A processor takes more for what is around the arithmetic, and takes power
        while it waits: the estimate compares models, it is no bill.
      </Text>
    </section>
  );
}

function part(title: string, of: (energy: EnergyEstimate) => number): (typeof COLUMNS)[number] {
  return { title, unit: 'J', value: ({ energy }) => of(energy), text: ({ energy }) => `≈ ${formatJoules(of(energy))}` };
}
