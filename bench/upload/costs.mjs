/** What an upload costs the machine: processor time and memory of the browser, across tabs that die. */
import {
  cpuSeconds,
  everyProcess,
  mainThreadSeconds,
  peakBytes,
  renderers,
  residentBytes,
  resetPeak,
} from '../lib/meter.mjs';

export class Costs {
  /** Seconds of processor time, of all processes. */
  cpu = 0;
  /** Seconds of processor time, of the main threads of pages. */
  mainThread = 0;
  /** Bytes that pages took at the worst moment above what they took before. */
  memory = 0;

  #profile;
  /** Seconds by process. @type {Map<number, number>} */
  #all = new Map();
  /** By process of a page. @type {Map<number, { mainThread: number, idle: number }>} */
  #pages = new Map();

  /** @param {string} profile the browser's */
  constructor(profile) {
    this.#profile = profile;
  }

  /** The page is there and idle. */
  begin() {
    this.#all = each(everyProcess(this.#profile), (pid) => cpuSeconds([pid]));
    this.#pages = each(renderers(this.#profile), (pid) => {
      resetPeak([pid]);
      return { mainThread: mainThreadSeconds([pid]), idle: residentBytes([pid]) };
    });
  }

  /** It is about to go away, or has done what it had to. */
  end() {
    const all = each(everyProcess(this.#profile), (pid) => cpuSeconds([pid]) - (this.#all.get(pid) ?? 0));
    const pages = each(this.#pages.keys(), (pid) => {
      const before = this.#pages.get(pid) ?? { mainThread: 0, idle: 0 };
      return {
        mainThread: mainThreadSeconds([pid]) - before.mainThread,
        memory: peakBytes([pid]) - before.idle,
      };
    });
    this.cpu += sum(all.values());
    this.mainThread += sum([...pages.values()].map(({ mainThread }) => mainThread));
    this.memory = Math.max(this.memory, sum([...pages.values()].map(({ memory }) => memory)));
  }
}

/**
 * @template T
 * @param {Iterable<number>} pids
 * @param {(pid: number) => T} of
 * @returns {Map<number, T>} without processes that have just ended, as those of the page before may do
 */
function each(pids, of) {
  const told = new Map();
  for (const pid of pids)
    try {
      told.set(pid, of(pid));
    } catch {
      // Its folder in /proc is gone.
    }
  return told;
}

/** @param {Iterable<number>} numbers */
const sum = (numbers) => [...numbers].reduce((all, number) => all + number, 0);
