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
  /** @type {number[]} */
  #all = [];
  /** @type {number[]} */
  #pages = [];
  #before = { cpu: 0, mainThread: 0, idle: 0 };

  /** @param {string} profile the browser's */
  constructor(profile) {
    this.#profile = profile;
  }

  /** The page is there and idle. */
  begin() {
    this.#all = everyProcess(this.#profile);
    this.#pages = renderers(this.#profile);
    resetPeak(this.#pages);
    this.#before = {
      cpu: cpuSeconds(this.#all),
      mainThread: mainThreadSeconds(this.#pages),
      idle: residentBytes(this.#pages),
    };
  }

  /** It is about to go away, or has done what it had to. */
  end() {
    this.cpu += cpuSeconds(this.#all) - this.#before.cpu;
    this.mainThread += mainThreadSeconds(this.#pages) - this.#before.mainThread;
    this.memory = Math.max(this.memory, peakBytes(this.#pages) - this.#before.idle);
  }
}
