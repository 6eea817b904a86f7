/**
 * `node --import …/register.mjs out/main/electron.js` runs the desktop shell's real code on plain Node: the module
 * `electron` resolves to the stand-in beside this file.
 */
import { registerHooks } from 'node:module';

const standIn = new URL('./electron.ts', import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: standIn, shortCircuit: true } : next(specifier, context),
});
