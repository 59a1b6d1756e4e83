/** The fault proxy between browser and store (tests/support), and what it saw. */
import { binary } from './binaries.mjs';
import { everything } from './cleanup.mjs';
import { start } from './process.mjs';

/**
 * @typedef {object} Seen one request, as `tests/support/src/journal.rs` describes it
 * @property {number} id
 * @property {string} method
 * @property {string} path
 * @property {string[]} query
 * @property {number | null} partNumber
 * @property {string | null} uploadIdHash
 * @property {number} bodyBytes
 * @property {'forwarded' | 'injected' | 'cut' | 'hung' | 'aborted' | 'lost' | null} outcome
 * @property {number | null} status of the reply, whether or not it reached the page
 * @property {string | null} rule
 * @property {number} start
 * @property {number | null} end
 */

/** Matches requests that carry a part. */
export const parts = { method: 'PUT', query: ['partNumber'] };
/** Matches requests that carry file content, of whole files too. */
export const bodies = { method: 'PUT' };
/** A rule that slows all bodies down. @param {number} bytesPerSecond */
export const rate = (bytesPerSecond) => ({ match: bodies, action: { do: 'rate', bytesPerSecond } });

/** A running proxy. */
export class Proxy {
  /** @type {object[]} */
  #rules = [];
  /** @type {object[]} */
  #link = [];

  /**
   * @param {number} port
   * @param {number} control
   */
  constructor(port, control) {
    /** What URLs are signed for. */
    this.origin = `http://127.0.0.1:${port}`;
    this.control = `http://127.0.0.1:${control}`;
  }

  /**
   * @param {string} upstream origin of the store
   * @param {import('./cleanup.mjs').Scope} [scope]
   */
  static async start(upstream, scope = everything) {
    const program = await binary('partwise-test-support', 'fault-proxy');
    const args = ['--upstream', new URL(upstream).host, '--until-stdin-closes'];
    const { ready } = await start(program, args, { ready: /proxy=(\d+) control=(\d+)\n/, scope });
    return new Proxy(Number(ready[1]), Number(ready[2]));
  }

  /** Replaces all rules: `tests/support/src/rules.rs`. @param {object[]} list */
  rules(...list) {
    this.#rules = list;
    return this.#post('rules', [...this.#link, ...list]);
  }

  /**
   * Slows all bodies down, whatever the rules, which begin anew.
   *
   * @param {number} bytesPerSecond -1: not any more
   */
  link(bytesPerSecond) {
    this.#link = bytesPerSecond < 0 ? [] : [rate(bytesPerSecond)];
    return this.rules(...this.#rules);
  }

  /**
   * Slows all bodies down, and lets only so many pass, until there are other rules: so that an upload cannot end before it is
   * interrupted, however late a busy machine is to look at it.
   *
   * @param {number} count
   * @param {number} bytesPerSecond
   */
  only(count, bytesPerSecond) {
    return this.rules(rate(bytesPerSecond), {
      match: bodies,
      skip: count,
      action: { do: 'delay', ms: 1_000_000 },
    });
  }

  /** Cuts all connections and refuses new ones, until it is over. @param {boolean} on */
  offline(on) {
    return this.#post('offline', { on });
  }

  /** No rules, no log, no connections. */
  reset() {
    this.#rules = this.#link = [];
    return this.#post('reset', {});
  }

  /** @returns {Promise<Seen[]>} every request since the reset */
  async log() {
    return (await fetch(`${this.control}/log`)).json();
  }

  /** The requests that carried parts. */
  async parts() {
    return (await this.log()).filter(isPart);
  }

  /** Bytes of all bodies that requests for objects and parts had, as far as they came. */
  async sent() {
    const requests = (await this.log()).filter(({ method }) => method === 'PUT');
    return requests.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
  }

  /** Cuts all connections, once or each time so many milliseconds have passed (0: not any more). @param {number} [every] */
  cut(every) {
    return this.#post('cut', { every });
  }

  /** A black hole: all connections go silent for ever, and new ones until it is over. @param {boolean} on */
  silence(on) {
    return this.#post('silence', { on });
  }

  /** How many requests are under way. */
  async open() {
    return (await (await fetch(`${this.control}/open`)).json()).open;
  }

  /**
   * @param {string} command
   * @param {unknown} body
   */
  async #post(command, body) {
    const response = await fetch(`${this.control}/${command}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${command}: ${await response.text()}`);
  }
}

/** @param {Seen} request */
export function isPart({ method, partNumber }) {
  return method === 'PUT' && partNumber !== null;
}

/** The largest number of these requests that were open at the same time. @param {Seen[]} requests */
export function mostAtOnce(requests) {
  const steps = requests.flatMap(({ start, end }) => [
    { at: start, by: 1 },
    { at: end ?? Infinity, by: -1 },
  ]);
  // What ends at the moment another one begins was not open together with it.
  steps.sort((a, b) => a.at - b.at || a.by - b.by);
  let open = 0;
  return steps.reduce((most, { by }) => Math.max(most, (open += by)), 0);
}
