/** The test page in a browser, seen from the test. */
import { until } from './until.mjs';

/**
 * @typedef {typeof import('./page/harness.js').harness} Harness
 * @typedef {ReturnType<Harness['report']>} Report
 * @typedef {NonNullable<Report['error']>} PlainError
 */

const FINAL = ['done', 'failed', 'cancelled'];

/** A page with the harness in it. */
export class Tab {
  /** What the page logged, for a failure's message. @type {string[]} */
  console = [];
  /** @type {Promise<import('playwright-core').CDPSession> | undefined} */
  #opened;

  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.page = page;
    page.on('console', (message) => this.console.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => this.console.push(`uncaught: ${error.stack}`));
  }

  /**
   * @param {import('./browser.mjs').Browser} browser
   * @param {string} site
   */
  static async open(browser, site) {
    const tab = new Tab(await browser.context.newPage());
    await tab.page.goto(site);
    await tab.page.waitForFunction('window.harness');
    return tab;
  }

  /** Makes the page's uploader. @param {Record<string, unknown>} options see `harness.create` */
  async create(options) {
    await this.call('create', options);
  }

  /** Chooses files, as a user would: the page gets them from disk, whatever their size. @param {...{ path: string }} files */
  async choose(...files) {
    const session = await this.#session();
    const { result } = await session.send('Runtime.evaluate', {
      expression: 'document.querySelector("input")',
    });
    const paths = files.map(({ path }) => path);
    await session.send('DOM.setFileInputFiles', { objectId: result.objectId ?? '', files: paths });
  }

  /** Adds the chosen file at this place. @param {number} index @param {object} [options] */
  async add(index = 0, options = {}) {
    const { id, error } = await this.call('add', index, options);
    if (id === undefined) throw Object.assign(new Error(error?.message), error);
    return new UploadInTab(this, id);
  }

  /** The error that adding throws. @param {object} options */
  async refusal(options) {
    return (await this.call('add', 0, options)).error;
  }

  /** Chooses a file and adds it. @param {{ path: string }} file @param {object} [options] */
  async upload(file, options) {
    await this.choose(file);
    return this.add(0, options);
  }

  /** What the library keeps in localStorage. */
  async stored() {
    const all = await this.call('storage');
    return Object.entries(all).filter(([name]) => name.startsWith('partwise/'));
  }

  /** Everything in localStorage. */
  storage() {
    return this.call('storage');
  }

  longTasks() {
    return this.call('longTasks');
  }

  /** The link of this tab, simulated by the browser. @param {number} bytesPerSecond */
  async throttle(bytesPerSecond) {
    const session = await this.#session();
    await session.send('Network.enable');
    await session.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: bytesPerSecond,
    });
  }

  /** What `navigator.onLine` says, and whether new requests fail. @param {boolean} offline */
  async setOffline(offline) {
    await this.page.context().setOffline(offline);
  }

  /** The browser's own protocol. */
  #session() {
    this.#opened ??= this.page.context().newCDPSession(this.page);
    return this.#opened;
  }

  /**
   * Calls a function of the page's harness.
   *
   * @template {keyof Harness} Name
   * @param {Name} name
   * @param {Parameters<Harness[Name]>} args
   * @returns {Promise<Awaited<ReturnType<Harness[Name]>>>}
   */
  call(name, ...args) {
    // In a task of the page: how long it blocks is not reported of what a debugger runs.
    const act = (/** @type {any[]} */ [name, args]) =>
      new Promise((resolve) => setTimeout(resolve)).then(() =>
        /** @type {any} */ (window).harness[name](...args),
      );
    return this.page.evaluate(act, [name, args]);
  }
}

/** One upload in a tab. */
export class UploadInTab {
  /**
   * @param {Tab} tab
   * @param {number} id
   */
  constructor(tab, id) {
    this.tab = tab;
    this.id = id;
  }

  report() {
    return this.tab.call('report', this.id);
  }

  /** Milliseconds since 1970 when it had returned. */
  pause() {
    return this.tab.call('pause', this.id);
  }

  resume() {
    return this.tab.call('resume', this.id);
  }

  cancel() {
    return this.tab.call('cancel', this.id);
  }

  /**
   * Waits for something to show in the report; an upload that ends otherwise is an error at once.
   *
   * @param {string} what
   * @param {(report: Report) => unknown} holds
   * @param {number} [within] milliseconds
   * @returns {Promise<Report>}
   */
  async until(what, holds, within = 120_000) {
    return until(
      async () => {
        const report = await this.report();
        if (holds(report)) return report;
        if (FINAL.includes(report.state)) throw new Error(`${what}: it ended first, ${describe(report)}`);
        return undefined;
      },
      { what, within },
    ).catch(async (error) => {
      throw new Error(`${error.message}\n${describe(await this.report())}`);
    });
  }

  /** Waits until so much of it has been confirmed or is on its way. @param {number} percent */
  reached(percent) {
    return this.until(`${percent} % of the upload`, ({ progress }) => progress.percent >= percent);
  }

  /** @param {number} [within] milliseconds */
  done(within) {
    return this.until('the upload to be done', ({ state, result }) => state === 'done' && result, within);
  }

  /** Waits for it to fail; the error. @param {number} [within] milliseconds */
  async failed(within) {
    const report = await this.until(
      'the upload to fail',
      ({ state, error }) => state === 'failed' && error,
      within,
    );
    return /** @type {PlainError} */ (report.error);
  }
}

/** @param {Report} report */
function describe({ state, states, progress, parts, retries, warnings, error }) {
  const seen = states.map(({ state }) => state).join(' → ');
  const last = retries.slice(-3);
  return `state ${state} (${seen}), ${progress.percent} %, ${parts.length} parts confirmed, ${retries.length} retries ${JSON.stringify(
    { last, warnings, error },
  )}`;
}
