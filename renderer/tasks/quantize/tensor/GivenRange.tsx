import { Button, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { formatNumber } from '../../../../main/judge/format.ts';
import { givenRange, giveRange } from '../../../state/given-range.ts';
import { useRecipe } from '../../../state/recipe.ts';
import type { ValueRange } from './range-model.ts';

interface GivenRangeProps {
  readonly tensor: string;
  /** Between dragged thresholds; null: none was dragged. */
  readonly shown: ValueRange | null;
}

/** Puts dragged thresholds into the recipe as the tensor's range, and tells what the recipe has. */
export function GivenRange({ tensor, shown }: GivenRangeProps): ReactNode {
  const given = useRecipe((state) => givenRange(state.draft, state.chosen, tensor));
  if (given === undefined || (given === null && shown === null)) return null;
  const same = given !== null && shown !== null && given[0] === shown.min && given[1] === shown.max;
  return (
    <>
      {shown !== null && !same && (
        <Button
          variant="light"
          title="Puts it into the recipe; the next trial has it. Undo takes it out again"
          onClick={() => giveRange(tensor, [shown.min, shown.max])}
        >
          Use this range
        </Button>
      )}
      {given !== null && (
        <>
          <Text className="lap-muted" role="status">
            In the recipe: {formatNumber(given[0])} … {formatNumber(given[1])}
          </Text>
          <Button variant="default" onClick={() => giveRange(tensor, null)}>
            Leave it to the data
          </Button>
        </>
      )}
    </>
  );
}
