/** As much of a W3C WebDriver client as these tests need. */
import { inTime } from '../until.mjs';

/** @typedef {import('./index.mjs').Page} Page */

/** The key under which WebDriver names an element (W3C WebDriver, 12.2). */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
/** Milliseconds a script may take. */
const LONGEST_SCRIPT = 600_000;
/** Milliseconds in which a browser has started. */
const LONGEST_START = 120_000;

/**
 * The session of a driver, which is stopped if there comes to be none: half a browser would go on beside the others.
 *
 * @param {import('../process.mjs').Running} driver
 * @param {() => Promise<Session>} create
 */
export async function sessionOf(driver, create) {
  try {
    return await inTime(create(), { what: 'a browser to start', within: LONGEST_START });
  } catch (error) {
    await driver.stop();
    throw error;
  }
}

/** A browser under a driver's control. One command at a time: most of them concern the window switched to. */
export class Session {
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();
  /** The window that commands concern. */
  #current = '';
  /** @type {Set<string>} */
  #dead = new Set();

  /**
   * @param {string} base the session's URL
   * @param {string} first the window that is there from the start and stays: with the last one the session would end
   */
  constructor(base, first) {
    this.base = base;
    this.first = first;
  }

  /**
   * @param {string} origin the driver's
   * @param {Record<string, unknown>} capabilities
   */
  static async create(origin, capabilities) {
    const alwaysMatch = { timeouts: { script: LONGEST_SCRIPT, pageLoad: 60_000 }, ...capabilities };
    const { sessionId } = await command('POST', `${origin}/session`, { capabilities: { alwaysMatch } });
    const base = `${origin}/session/${sessionId}`;
    return new Session(base, await command('GET', `${base}/window`));
  }

  /**
   * Sends commands that nothing comes between.
   *
   * @template T
   * @param {string} window they concern
   * @param {(send: (method: string, path: string, body?: unknown) => Promise<any>) => Promise<T>} work
   * @returns {Promise<T>}
   */
  within(window, work) {
    return this.#inTurn(async () => {
      // A driver that is sent there ends the whole session.
      if (this.#dead.has(window)) throw new Error('the page was killed');
      if (window !== this.#current) await this.#send('POST', 'window', { handle: window });
      this.#current = window;
      return work((method, path, body) => this.#send(method, path, body));
    });
  }

  /** Nothing can be asked of a window whose process was killed. @param {string} window */
  lost(window) {
    this.#dead.add(window);
    this.#current = '';
  }

  /** @returns {Promise<string>} its handle */
  newWindow() {
    return this.within(
      this.first,
      async (send) => (await send('POST', 'window/new', { type: 'window' })).handle,
    );
  }

  /**
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  #inTurn(work) {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   */
  #send(method, path, body) {
    return command(method, `${this.base}/${path}`, body);
  }
}

/** @implements {Page} */
export class WebDriverPage {
  #closed = false;

  /**
   * @param {Session} session
   * @param {string} window its handle
   */
  constructor(session, window) {
    this.session = session;
    this.window = window;
  }

  /** @param {string} url */
  async open(url) {
    await this.#send('POST', 'url', { url });
  }

  /** @param {string} expression */
  async evaluate(expression) {
    // As the page's own code: what Firefox makes in a script of the driver is closed to the page.
    const script = `const [expression, done] = arguments;
      const page = window.wrappedJSObject ?? window;
      Promise.resolve().then(() => page.eval(expression)).then(
        (value) => done({ value }),
        (error) => done({ error: String(error && error.stack ? error + '\\n' + error.stack : error) }));`;
    const args = [`(${expression})`];
    const { value, error } = await this.#send('POST', 'execute/async', { script, args });
    if (error !== undefined) throw new Error(error);
    return value;
  }

  /** @param {string[]} paths */
  choose(paths) {
    return this.session.within(this.window, async (send) => {
      // Files are added to those chosen before.
      await send('POST', 'execute/sync', { script: 'document.querySelector("input").value = ""', args: [] });
      const found = await send('POST', 'element', { using: 'css selector', value: 'input' });
      await send('POST', `element/${found[ELEMENT]}/value`, { text: paths.join('\n') });
    });
  }

  async close() {
    if (this.#closed) return;
    this.#closed = true;
    await this.#send('DELETE', 'window');
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   */
  #send(method, path, body) {
    return this.session.within(this.window, (send) => send(method, path, body));
  }
}

/**
 * @param {string} method
 * @param {string} url
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
async function command(method, url, body) {
  const response = await fetch(url, {
    method,
    ...(method === 'POST' && {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body ?? {}),
    }),
  });
  const { value } = /** @type {any} */ (await response.json());
  if (!response.ok) throw new Error(`${method} ${new URL(url).pathname}: ${value.error}: ${value.message}`);
  return value;
}
