import { expect, it } from 'vitest';
import { sayError } from '../../../../renderer/rpc/engine-error.ts';

it('says an error and what to do in sentences', () => {
  expect(sayError({ message: 'It ended while it timed a model', hint: 'Run it again.' })).toBe(
    'It ended while it timed a model. Run it again.',
  );
  expect(sayError({ message: 'Not added: it does not fit.', hint: 'Open another.' })).toBe(
    'Not added: it does not fit. Open another.',
  );
  expect(sayError({ message: 'It ended', hint: null })).toBe('It ended');
});
