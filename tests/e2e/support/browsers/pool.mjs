/** Browsers that scenarios use one after the other: starting one takes as long as many a scenario. */
import { everything } from '../cleanup.mjs';
import { temporaryFolder } from '../files.mjs';

/**
 * @typedef {import('./index.mjs').Browser} Browser
 * @typedef {import('./index.mjs').Engine} Engine
 */

/** Each is used by one scenario at a time. Every scenario's page has an origin of its own, and so an empty storage. */
export class Pool {
  /** @type {Map<Engine, Browser[]>} */
  #idle = new Map();

  /** @param {Engine} engine */
  async take(engine) {
    const idle = this.#idle.get(engine) ?? [];
    for (let browser = idle.pop(); browser; browser = idle.pop()) if (browser.alive()) return browser;
    return engine.launch(await temporaryFolder('profile-', everything), everything);
  }

  /**
   * Only what is as it was when it was taken, without the pages that were opened.
   *
   * @param {Engine} engine
   * @param {Browser} browser
   */
  giveBack(engine, browser) {
    this.#idle.set(engine, [...(this.#idle.get(engine) ?? []), browser]);
  }
}
