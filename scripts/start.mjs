/**
 * `npm start [-- MODEL] [-- --browser]`: installs what is missing, builds when sources changed, opens the studio: on the
 * desktop where Electron can run, else the same studio in the browser.
 */
import { pathToFileURL } from 'node:url';
import { build, isBuilt } from './build.mjs';
import { ensureElectron } from './electron.mjs';
import { ensureInstalled } from './install.mjs';
import { inRoot, node24, root } from './paths.mjs';
import { run } from './spawn.mjs';

/** Why no desktop window can open here, as far as that is known without Electron; undefined: it may. */
function withoutDesktop() {
  const { platform, env } = process;
  if (platform !== 'linux') return undefined;
  if (!env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return 'no display';
  if (process.getuid?.() === 0) return 'running as root, where Electron would need its sandbox switched off';
  return undefined;
}

/** Paths among the arguments are the caller's, not the clone's. */
const callerFolder = () => process.env['INIT_CWD'] ?? process.cwd();

/**
 * Opens the studio and stays until it is closed.
 * @param {readonly string[]} args model path and options, passed on
 * @returns {Promise<number>} exit status
 */
export async function start(args) {
  await ensureInstalled();
  if (!isBuilt()) {
    console.error('Building the studio…');
    if (!(await build({ quiet: true }))) {
      console.error('lapidary: the build failed; the lines above say why.');
      return 1;
    }
  }
  const rest = args.filter((arg) => arg !== '--browser');
  const env = { LAPIDARY_NODE: node24() };
  if (!args.includes('--browser')) {
    const blocked = withoutDesktop();
    const electron = blocked === undefined ? await ensureElectron() : { reason: blocked };
    if ('binary' in electron) return (await run(electron.binary, [root, ...rest], { cwd: callerFolder(), env })).code;
    console.error(
      blocked === undefined
        ? `Electron's binary is not available here (${electron.reason}); opening the studio in the browser.`
        : `Electron cannot open a window here (${electron.reason}); opening the studio in the browser.`,
    );
  }
  const cli = inRoot('out', 'main', 'cli.js');
  return (await run(node24(), [cli, 'serve', '--open', ...rest], { cwd: callerFolder(), env })).code;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    process.exitCode = await start(process.argv.slice(2));
  } catch (error) {
    console.error(`lapidary: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
