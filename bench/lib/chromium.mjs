/** A Chromium as users have it, but for its window: nothing listens to what its pages do. */
import { spawn } from 'node:child_process';
import { FLAGS } from '../../tests/e2e/support/browsers/chromium-flags.mjs';
import { Connection } from './cdp.mjs';

/** A running browser. */
export class Chromium {
  /** Until it ends, for whatever reason. */
  alive = true;

  /**
   * @param {Connection} connection
   * @param {string} profile
   */
  constructor(connection, profile) {
    this.connection = connection;
    this.profile = profile;
  }

  /**
   * @param {string} profile an empty folder
   * @param {import('../../tests/e2e/support/cleanup.mjs').Scope} scope that ends it
   */
  static async launch(profile, scope) {
    const program = process.env.CHROME ?? '/usr/bin/chromium';
    const child = spawn(
      program,
      [...FLAGS, '--remote-debugging-pipe', `--user-data-dir=${profile}`, 'about:blank'],
      {
        detached: true,
        stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      },
    );
    const ended = new Promise((resolve) => {
      child.once('error', resolve);
      child.once('exit', resolve);
    });
    scope.onEnd(async () => {
      try {
        if (child.pid) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Gone already.
      }
      await ended;
    });
    const [, , , output, input] = child.stdio;
    const connection = new Connection(
      /** @type {import('node:stream').Writable} */ (output),
      /** @type {import('node:stream').Readable} */ (input),
    );
    await connection.send('Browser.getVersion');
    const browser = new Chromium(connection, profile);
    ended.then(() => (browser.alive = false));
    return browser;
  }

  /** @returns {Promise<string>} such as `Chrome/156.0.8078.79` */
  async version() {
    return (await this.connection.send('Browser.getVersion')).product;
  }

  /** As a browser that was just installed: no storage, no connection, no preflight remembered. */
  async newContext() {
    const { browserContextId } = await this.connection.send('Target.createBrowserContext');
    return new Context(this.connection, browserContextId);
  }
}

/** Tabs that share storage and connections. */
export class Context {
  /**
   * @param {Connection} connection
   * @param {string} id
   */
  constructor(connection, id) {
    this.connection = connection;
    this.id = id;
  }

  /** @param {string} url */
  async newPage(url) {
    const { targetId } = await this.connection.send('Target.createTarget', {
      url: 'about:blank',
      browserContextId: this.id,
    });
    const { sessionId } = await this.connection.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this.connection, sessionId, targetId);
    await page.open(url);
    return page;
  }

  /** Closes its tabs and forgets everything. */
  async close() {
    await this.connection.send('Target.disposeBrowserContext', { browserContextId: this.id });
  }
}

/** A tab. */
export class Page {
  #connection;
  #session;
  #target;

  /**
   * @param {Connection} connection
   * @param {string} session
   * @param {string} target
   */
  constructor(connection, session, target) {
    this.#connection = connection;
    this.#session = session;
    this.#target = target;
  }

  /** Goes there, and waits until all scripts of the page have run. @param {string} url */
  async open(url) {
    await this.#send('Page.enable');
    const loaded = this.event('Page.loadEventFired');
    const { errorText } = await this.#send('Page.navigate', { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await loaded;
  }

  /** The value of an expression, or of its promise. @param {string} expression */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Has the user choose files. @param {readonly string[]} paths */
  async choose(paths) {
    const { result } = await this.#send('Runtime.evaluate', {
      expression: 'document.querySelector("input")',
    });
    await this.#send('DOM.setFileInputFiles', { objectId: result.objectId, files: paths });
  }

  /** Gives the page a function with which it can tell that something has happened. @param {string} name */
  async bind(name) {
    await this.#send('Runtime.enable');
    await this.#send('Runtime.addBinding', { name });
  }

  /** Resolves when it has happened once more. @param {string} method @param {(params: any) => boolean} [matches] */
  event(method, matches = () => true) {
    return new Promise((resolve) => {
      const end = this.#connection.on((event) => {
        if (event.sessionId !== this.#session || event.method !== method || !matches(event.params)) return;
        end();
        resolve(undefined);
      });
    });
  }

  /**
   * Watches the main thread while something is done.
   *
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<{ result: T, profile: any }>} `profile` as `Profiler.stop` tells it
   */
  async profile(work) {
    await this.#send('Profiler.enable');
    await this.#send('Profiler.setSamplingInterval', { interval: 200 });
    await this.#send('Profiler.start');
    const result = await work();
    const { profile } = await this.#send('Profiler.stop');
    return { result, profile };
  }

  /** Ends the process behind it, as a user's does that runs out of memory, and closes what is left of it. */
  async kill() {
    const crashed = this.event('Inspector.targetCrashed');
    await this.#send('Inspector.enable');
    // Nobody is left to answer.
    this.#send('Page.crash').catch(() => {});
    await crashed;
    await this.#connection.send('Target.closeTarget', { targetId: this.#target });
  }

  /**
   * @param {string} method
   * @param {object} [params]
   */
  #send(method, params) {
    return this.#connection.send(method, params, this.#session);
  }
}
