/** Whatever is started is stopped: at the end, after a failure, and on Ctrl-C. */
import { constants } from 'node:os';

/** @typedef {() => unknown | Promise<unknown>} Stop */

/** Things to stop, the last one started first. A scope belongs to the process or to one scenario. */
export class Scope {
  /** @type {Set<Stop>} */
  #stops = new Set();

  /**
   * Stops this too, in its turn.
   *
   * @template {Stop} T
   * @param {T} stop
   * @returns {() => void} takes it off the list, for what was stopped already
   */
  onEnd(stop) {
    this.#stops.add(stop);
    return () => this.#stops.delete(stop);
  }

  /** Stops everything; one failure does not keep the rest running. */
  async end() {
    for (const stop of [...this.#stops].reverse()) {
      this.#stops.delete(stop);
      try {
        await stop();
      } catch (error) {
        console.error('while stopping:', error);
      }
    }
  }
}

/** What lives as long as this process. */
export const everything = new Scope();

let ending = false;
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, async () => {
    // A terminal and a parent may both pass the same Ctrl-C on.
    if (ending) return;
    ending = true;
    await everything.end();
    process.exit(128 + constants.signals[signal]);
  });
}
