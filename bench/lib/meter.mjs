/** What a browser's processes cost, read from Linux' `/proc`. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

/** Ticks of the clock in a second, on every Linux since 2.6. */
const TICKS = 100;

/** @typedef {{ pid: number, parent: number, command: string, profile: string }} Running */

/** @returns {Running[]} */
function processes() {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return [];
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const profile = /(?:^|\0)WEBKIT_PROFILE=([^\0]*)/.exec(
        readFileSync(`/proc/${pid}/environ`, 'utf8'),
      )?.[1];
      return [{ pid, parent: Number(stat(pid)[1]), command, profile: profile ?? '' }];
    } catch {
      // It has just ended.
      return [];
    }
  });
}

/** The fields after the name, which may hold spaces: state, parent, … @param {number} pid */
function stat(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** Those of a browser, the one first that starts the others, by the folder of its profile. @param {string} profile */
function family(profile) {
  const all = processes();
  const uses = (/** @type {Running} */ running) =>
    running.profile === profile ||
    (running.command.includes(profile) && !/--type=|crashpad_handler/.test(running.command));
  const main = all.find(uses);
  if (!main) throw new Error(`no browser uses ${profile}`);
  return [main, ...below(main.pid, all)];
}

/** All processes of a browser. @param {string} profile */
export function everyProcess(profile) {
  return family(profile).map(({ pid }) => pid);
}

/** Those that run pages. @param {string} profile */
export function renderers(profile) {
  const pages = family(profile).filter(({ command }) =>
    /--type=renderer|-isForBrowser|WebKitWebProcess/.test(command),
  );
  return pages.map(({ pid }) => pid);
}

/**
 * @param {number} pid
 * @param {readonly Running[]} all
 * @returns {Running[]}
 */
function below(pid, all) {
  const children = all.filter(({ parent }) => parent === pid);
  return children.flatMap((child) => [child, ...below(child.pid, all)]);
}

/** Seconds of processor time so far. @param {readonly number[]} pids */
export function cpuSeconds(pids) {
  return total(pids, (pid) => (Number(stat(pid)[11]) + Number(stat(pid)[12])) / TICKS);
}

/** Seconds of processor time that main threads have had so far. @param {readonly number[]} pids */
export function mainThreadSeconds(pids) {
  const nanoseconds = (/** @type {number} */ pid) =>
    Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]);
  return total(pids, (pid) => nanoseconds(pid) / 1e9);
}

/** Forgets the peaks so far. @param {readonly number[]} pids */
export function resetPeak(pids) {
  for (const pid of pids) writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** Bytes of memory at the worst moment since. @param {readonly number[]} pids */
export function peakBytes(pids) {
  return total(pids, (pid) => kibibytes(pid, 'VmHWM'));
}

/** Bytes of memory now. @param {readonly number[]} pids */
export function residentBytes(pids) {
  return total(pids, (pid) => kibibytes(pid, 'VmRSS'));
}

/** @param {number} pid @param {string} field */
function kibibytes(pid, field) {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) * 1024;
}

/** @param {readonly number[]} pids @param {(pid: number) => number} of */
function total(pids, of) {
  return pids.reduce((sum, pid) => sum + of(pid), 0);
}
