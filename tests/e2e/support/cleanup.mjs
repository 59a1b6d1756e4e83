/** Whatever is started is stopped: at the end, after a failure, and on Ctrl-C. */
import { constants } from 'node:os';
import { inTime } from './until.mjs';

/** Milliseconds for one of them; what hangs must not keep the rest running. */
const STOPPING = 45_000;

/** @typedef {() => unknown | Promise<unknown>} Stop */

/** Things to stop, the last one started first. A scope belongs to the process or to one scenario. */
export class Scope {
  /** @type {Set<Stop>} */
  #stops = new Set();
  /** Nothing new should begin. */
  ending = false;
  #ended = false;
  /** @type {Promise<void> | undefined} */
  #end;

  /**
   * Stops this too, in its turn.
   *
   * @template {Stop} T
   * @param {T} stop
   * @returns {() => void} takes it off the list, for what was stopped already
   * @throws after the end; then it is stopped at once
   */
  onEnd(stop) {
    if (this.#ended) {
      attempt(stop);
      throw new Error('it comes too late: all has been stopped');
    }
    this.#stops.add(stop);
    return () => this.#stops.delete(stop);
  }

  /** Stops everything, also what begins meanwhile; one failure does not keep the rest running. Once, whoever asks. */
  end() {
    return (this.#end ??= this.#stopAll());
  }

  async #stopAll() {
    this.ending = true;
    for (let stop = this.#last(); stop; stop = this.#last()) {
      this.#stops.delete(stop);
      await attempt(stop);
    }
    this.#ended = true;
  }

  #last() {
    return [...this.#stops].at(-1);
  }
}

/** @param {Stop} stop */
async function attempt(stop) {
  try {
    await inTime(Promise.resolve().then(stop), { what: 'something to stop', within: STOPPING });
  } catch (error) {
    console.error('while stopping:', error);
  }
}

/** What lives as long as this process. */
export const everything = new Scope();

/** A scope that is ended with the process at the latest. */
export function processScope() {
  const scope = new Scope();
  everything.onEnd(() => scope.end());
  return scope;
}

/** What a signal stops before anything else, and the end of this process at last, without waiting for it. @type {Set<() => void>} */
export const atOnce = new Set();

// An error that nobody has caught ends this process without asking anybody.
process.on('exit', () => atOnce.forEach((stop) => stop()));

let ending = false;
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, async () => {
    // A terminal and a parent may both pass the same Ctrl-C on.
    if (ending) return;
    ending = true;
    atOnce.forEach((stop) => stop());
    await everything.end();
    process.exit(128 + constants.signals[signal]);
  });
}
