/** Child processes with a time limit. */
import { spawn } from 'node:child_process';
import { root } from './paths.mjs';

/**
 * @typedef {object} Outcome
 * @property {number} code        exit status; 1 when it could not be started or was ended by a signal
 * @property {boolean} timedOut   the time limit ended it
 * @property {string} output      stdout and stderr together when captured, else ''
 */

/**
 * @typedef {object} RunOptions
 * @property {number} [limitMs]            ends the process after this time
 * @property {boolean} [capture]           collects the output instead of showing it
 * @property {NodeJS.ProcessEnv} [env]     added to this process's environment
 * @property {string} [cwd]                working folder; default: the clone's root
 * @property {boolean} [shell]
 * @property {boolean} [toStderr]          shows stdout on stderr: stdout is for results
 */

/**
 * Runs a program to its end; Ctrl-C and termination are its to answer, this process waits.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<Outcome>}
 */
export function run(command, args, options = {}) {
  const { limitMs, capture = false, env = {}, cwd = root, shell = false, toStderr = false } = options;
  return new Promise((resolve) => {
    const child = spawn(command, [...args], {
      cwd,
      env: { ...process.env, ...env },
      shell,
      stdio: capture ? ['ignore', 'pipe', 'pipe'] : ['inherit', toStderr ? 2 : 'inherit', 'inherit'],
    });
    let output = '';
    let timedOut = false;
    const collect = (/** @type {Buffer} */ chunk) => {
      output += chunk.toString('utf8');
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    const timer =
      limitMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            child.kill('SIGKILL');
          }, limitMs);
    const stop = () => child.kill('SIGTERM');
    // A terminal sends Ctrl-C to the child as well; leaving first would hand the prompt back too early.
    const interrupt = () => {
      if (!process.stdin.isTTY) child.kill('SIGINT');
    };
    process.on('SIGINT', interrupt);
    process.on('SIGTERM', stop);
    const finish = (/** @type {number} */ code) => {
      clearTimeout(timer);
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', stop);
      resolve({ code, timedOut, output });
    };
    child.on('error', (error) => {
      output += error.message;
      if (!capture) console.error(error.message);
      finish(1);
    });
    child.on('close', (code) => finish(code ?? 1));
  });
}

/**
 * Runs npm: the one that started this script, else the one on the path.
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 */
export function npm(args, options = {}) {
  const started = process.env['npm_execpath'];
  if (started !== undefined && /npm-cli\.c?js$/.test(started))
    return run(process.execPath, [started, ...args], options);
  return run('npm', args, { ...options, shell: process.platform === 'win32' });
}
