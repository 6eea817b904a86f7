import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { noRoomError } from '../../../main/base/no-room.ts';
import { removeUnfinished, temporaryName, writeWhole } from '../../../main/base/write-whole.ts';
import { tempFolder } from '../../support/temp-folder.ts';

test('replaces what was there, and leaves nothing else', async () => {
  using folder = tempFolder();
  writeFileSync(folder.file('a.json'), 'earlier');
  await writeWhole(folder.file('a.json'), 'later');
  expect(readFileSync(folder.file('a.json'), 'utf8')).toBe('later');
  expect(readdirSync(folder.path)).toEqual(['a.json']);
});

test('says what to do when the folder is missing', async () => {
  using folder = tempFolder();
  await expect(writeWhole(folder.file('none/a.json'), 'x')).rejects.toMatchObject({
    code: 'WRITE_FAILED',
    hint: 'The folder does not exist: create it, or choose another.',
  });
});

test('a folder in the way stays, and the half-made file goes', async () => {
  using folder = tempFolder();
  mkdirSync(folder.file('a.json'));
  await expect(writeWhole(folder.file('a.json'), 'x')).rejects.toMatchObject({ code: 'WRITE_FAILED' });
  expect(readdirSync(folder.path)).toEqual(['a.json']);
});

test('a full disk is the user’s to mend, any other error is not', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect(noRoomError(full)).toMatchObject({ code: 'WRITE_FAILED', hint: expect.stringContaining('make room') });
  expect(noRoomError(Object.assign(new Error('EPERM'), { code: 'EPERM' }))).toBeUndefined();
  expect(noRoomError('ENOSPC')).toBeUndefined();
});

test('what killed writers left is removed, what living ones are writing stays', () => {
  using folder = tempFolder();
  const ended = spawnSync(process.execPath, ['--version']).pid;
  const names = [`a.onnx.${ended}.mfx0.tmp`, `a.onnx.${process.ppid}.mfx0.tmp`, 'a.onnx', 'notes.tmp'];
  for (const name of names) writeFileSync(folder.file(name), '');
  writeFileSync(temporaryName(folder.file('mine.json')), '');
  removeUnfinished(folder.path);
  expect(readdirSync(folder.path).toSorted()).toEqual(names.slice(1).toSorted());
});
