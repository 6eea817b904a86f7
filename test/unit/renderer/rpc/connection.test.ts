import { expect, it } from 'vitest';
import { socketUrl, tokenIn } from '../../../../renderer/rpc/connection.ts';

it('finds the token in the fragment of the printed address', () => {
  expect(tokenIn('#token=abc123')).toBe('abc123');
  expect(tokenIn('')).toBeNull();
});

it('makes the WebSocket address from the page address', () => {
  expect(socketUrl({ url: 'http://127.0.0.1:8080', token: 'a b' })).toBe('ws://127.0.0.1:8080/rpc?token=a%20b');
});
