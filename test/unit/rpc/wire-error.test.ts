import { expect, it } from 'vitest';
import { StudioError } from '../../../main/base/errors.ts';
import { decodeError, describeError, encodeError } from '../../../main/rpc/wire-error.ts';

it('carries code, message, hint and the chain of causes there and back', () => {
  const system = new Error('EACCES: permission denied');
  const written = new StudioError('WRITE_FAILED', 'not written', { cause: system });
  const error = new StudioError('RECIPE_INVALID', 'not applied', { hint: 'Try again.', cause: written });
  const back = decodeError(structuredClone(encodeError(error)));
  expect(back).toMatchObject({ code: 'RECIPE_INVALID', message: 'not applied', hint: 'Try again.' });
  expect(back.cause).toMatchObject({ code: 'WRITE_FAILED', message: 'not written' });
  expect((back.cause as Error).cause).toMatchObject({ message: 'EACCES: permission denied' });
  expect((back.cause as Error).cause).not.toBeInstanceOf(StudioError);
});

it('ends a chain of causes that goes round', () => {
  const error = new StudioError('INTERNAL', 'round');
  Object.defineProperty(error, 'cause', { value: error });
  expect(encodeError(error).causes).toHaveLength(8);
});

it('says of an error that is not ours that it is a bug', () => {
  expect(describeError(new TypeError('x is undefined'))).toEqual({
    code: 'INTERNAL',
    message: 'Unexpected: x is undefined',
    hint: 'This is a bug in Lapidary; please report it.',
  });
});

it('takes a code that is not in the list for a bug', () => {
  expect(decodeError({ code: 'MADE_UP', message: 'm', hint: null }).code).toBe('INTERNAL');
});
