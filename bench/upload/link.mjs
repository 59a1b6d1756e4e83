/** The network between page and servers, where it is not this machine's own: slow, long, and broken on purpose. */
import { Proxy } from '../../tests/e2e/support/proxy.mjs';

/**
 * @typedef {object} Shape
 * @property {number} rate bits per second for all that is sent to the store
 * @property {number} roundTrip milliseconds
 * @property {number} [cutEvery] seconds between two moments at which all connections are cut
 * @property {{ after: number, lasts: number }} [outage] seconds: when there is no network
 */

/** Both ways of a page: to the store and to the backend. */
export class Link {
  #store;
  #backend;
  /** @type {NodeJS.Timeout[]} */
  #timers = [];
  /** Why a proxy did not break anything. @type {unknown} */
  #refused;

  /**
   * @param {Proxy} store
   * @param {Proxy} backend
   */
  constructor(store, backend) {
    this.#store = store;
    this.#backend = backend;
    this.store = store.origin;
    this.backend = backend.origin;
  }

  /**
   * @param {import('./sink.mjs').Sink} sink
   * @param {import('../../tests/e2e/support/cleanup.mjs').Scope} scope that ends it
   */
  static async start(sink, scope) {
    return new Link(await Proxy.start(sink.store, scope), await Proxy.start(sink.backend, scope));
  }

  /** Begins anew, in this shape. @param {Shape} shape */
  async reset({ rate, roundTrip }) {
    const latency = { action: { do: 'latency', ms: roundTrip / 2 } };
    const narrow = { action: { do: 'rate', bytesPerSecond: rate / 8 } };
    this.#refused = undefined;
    for (const proxy of [this.#store, this.#backend]) await proxy.reset();
    await this.#store.rules(latency, narrow);
    await this.#backend.rules(latency);
  }

  /** Breaks it at the times that the shape says. @param {Shape} shape */
  disturb({ cutEvery, outage }) {
    if (cutEvery) this.#both((proxy) => proxy.cut(Math.round(cutEvery * 1000)));
    if (outage) {
      this.#at(outage.after, () => this.#both((proxy) => proxy.offline(true)));
      this.#at(outage.after + outage.lasts, () => this.#both((proxy) => proxy.offline(false)));
    }
  }

  /** Breaks nothing any more. */
  calm() {
    this.#timers.splice(0).forEach(clearTimeout);
    return Promise.all([this.#store.reset(), this.#backend.reset()]);
  }

  /** What the browser has sent, whether or not it has arrived. */
  async sent() {
    if (this.#refused) throw this.#refused;
    const [store, backend] = await Promise.all([this.#store.log(), this.#backend.log()]);
    return {
      bytes: store.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0),
      methods: [...store, ...backend].map(({ method }) => method),
    };
  }

  /** What it refuses is told by {@link sent}. @param {(proxy: Proxy) => Promise<unknown>} act */
  #both(act) {
    for (const proxy of [this.#store, this.#backend]) act(proxy).catch((error) => (this.#refused ??= error));
  }

  /**
   * @param {number} seconds
   * @param {() => void} act
   */
  #at(seconds, act) {
    this.#timers.push(setTimeout(act, seconds * 1000));
  }
}
