/** The test page in a browser, seen from the test. */
import { inTime, until } from './until.mjs';

/**
 * @typedef {typeof import('./page/harness.js').harness} Harness
 * @typedef {ReturnType<Harness['report']>} Report
 * @typedef {NonNullable<Report['error']>} PlainError
 */

const FINAL = ['done', 'failed', 'cancelled'];
/** Milliseconds from one question to the next where it does not matter when exactly something happened. */
const PATIENT = 250;

/** A page with the harness in it. */
export class Tab {
  /** What was logged, by the page up to the last call. @type {string[]} */
  console = [];
  /** @type {UploadInTab[]} */
  uploads = [];
  /** What the page was told and wrote, once it is gone. @type {Record<string, string> | undefined} */
  #testament;

  /**
   * @param {import('./browsers/index.mjs').Browser} browser
   * @param {import('./browsers/index.mjs').Page} view
   * @param {import('./proxy.mjs').Proxy} proxy what the page's browser cannot do to its network is done there
   */
  constructor(browser, view, proxy) {
    this.browser = browser;
    this.view = view;
    this.proxy = proxy;
  }

  /**
   * @param {import('./browsers/index.mjs').Browser} browser
   * @param {string} site
   * @param {import('./proxy.mjs').Proxy} proxy
   */
  static async open(browser, site, proxy) {
    const limit = { what: 'the test page to open', within: 60_000 };
    const tab = new Tab(browser, await inTime(browser.newPage(), limit), proxy);
    const watched = tab.view.watchLog?.((line) => tab.console.push(line));
    await inTime(Promise.resolve(watched), limit);
    await inTime(tab.view.open(site), limit);
    const loaded = () => tab.view.evaluate('"call" in window');
    await until(loaded, { what: 'the test page to load', within: 30_000 });
    return tab;
  }

  /** Makes the page's uploader. @param {Record<string, unknown>} options see `harness.create` */
  async create(options) {
    await this.call('create', options);
  }

  /** Chooses files, as a user would: the page gets them from disk, whatever their size. @param {...{ path: string }} files */
  async choose(...files) {
    await this.view.choose(files.map(({ path }) => path));
  }

  /** Adds the chosen file at this place. @param {number} index @param {object} [options] */
  async add(index = 0, options = {}) {
    const { id, error } = await this.call('add', index, options);
    if (id === undefined) throw Object.assign(new Error(error?.message), error);
    const upload = new UploadInTab(this, id);
    this.uploads.push(upload);
    return upload;
  }

  /** Goes on with an unfinished upload without its file being chosen. @param {string} pending its id */
  async goOn(pending) {
    const upload = new UploadInTab(this, await this.call('goOn', pending));
    this.uploads.push(upload);
    return upload;
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

  /** The requests the page has made, as it sees them. */
  requests() {
    return this.call('requests');
  }

  /**
   * The rate at which bodies leave this tab; where the browser cannot slow them down, all bodies in the proxy, whose
   * rules then begin anew.
   *
   * @param {number} bytesPerSecond -1: as fast as it goes
   */
  async throttle(bytesPerSecond) {
    if (this.view.throttle) await this.view.throttle(bytesPerSecond);
    else await this.proxy.link(bytesPerSecond);
  }

  /**
   * What `navigator.onLine` says and its events tell, and whether new requests fail. What is under way goes on: cut the
   * connections in the proxy, too.
   *
   * @param {boolean} offline
   */
  async setOffline(offline) {
    // Where loopback is no network, what the browser believes changes nothing there.
    if (!this.view.offlineIsReal) await this.call('block', offline);
    if (this.view.setOffline) await this.view.setOffline(offline);
    else await this.call('claimOffline', offline);
  }

  /** Stops the page's tasks, and only them, until it is thawed. @param {boolean} frozen */
  async freeze(frozen) {
    if (!this.view.freeze) throw new Error('needs: freeze');
    await this.view.freeze(frozen);
  }

  /** Kills the page's process: no event, no farewell. Other tabs live on. Where that cannot be done, closes the tab. */
  async kill() {
    await this.testify();
    const killed = this.view.kill ? this.view.kill() : this.view.close();
    await inTime(killed, { what: 'the tab to die', within: 30_000 });
  }

  /** Kills its browser with all that is in it. */
  async killBrowser() {
    await this.testify();
    await this.browser.kill();
  }

  /** Closes it as the user does. */
  async close() {
    await this.testify();
    await inTime(this.view.close(), { what: 'the tab to close', within: 30_000 });
  }

  /** Has the page's evidence taken down before it goes. */
  async testify() {
    this.#testament = await inTime(this.evidence(), { what: 'the evidence of a tab', within: 60_000 });
  }

  /** What the page was told, wrote and keeps, for `secrets.mjs`. @returns {Promise<Record<string, string>>} */
  async evidence() {
    return this.#testament ?? this.call('evidence');
  }

  /**
   * Runs a function in the page. It sees nothing of what is around it here.
   *
   * @template T
   * @template {unknown[]} Arguments
   * @param {(...args: Arguments) => T} act
   * @param {Arguments} args
   * @returns {Promise<Awaited<T>>}
   */
  evaluate(act, ...args) {
    return this.view.evaluate(`(${act})(...${JSON.stringify(args)})`);
  }

  /**
   * Calls a function of the page's harness.
   *
   * @template {keyof Harness} Name
   * @param {Name} name
   * @param {Parameters<Harness[Name]>} args
   * @returns {Promise<Awaited<ReturnType<Harness[Name]>>>}
   */
  async call(name, ...args) {
    const text = await this.view.evaluate(`call(${JSON.stringify(name)}, ${JSON.stringify(args)})`);
    const { value, lines } = JSON.parse(text);
    this.console.push(...lines);
    return value;
  }
}

/** One upload in a tab. */
export class UploadInTab {
  /** What has been reported of it; with thousands of parts, telling all of it each time would take longer than sending. */
  #known = {
    states: /** @type {Report['states']} */ ([]),
    parts: /** @type {Report['parts']} */ ([]),
    retries: /** @type {Report['retries']} */ ([]),
    warnings: /** @type {Report['warnings']} */ ([]),
  };
  /** @type {Report | undefined} */
  #report;
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();

  /**
   * @param {Tab} tab
   * @param {number} id
   */
  constructor(tab, id) {
    this.tab = tab;
    this.id = id;
  }

  /** @returns {Promise<Report>} */
  report() {
    const report = this.#last.then(() => this.#ask());
    this.#last = report.catch(() => {});
    return report;
  }

  async #ask() {
    const { states, parts, retries, warnings } = this.#known;
    const counts = {
      states: states.length,
      parts: parts.length,
      retries: retries.length,
      warnings: warnings.length,
    };
    const report = await this.tab.call('report', this.id, counts);
    this.#known = {
      states: [...states, ...report.states],
      parts: [...parts, ...report.parts],
      retries: [...retries, ...report.retries],
      warnings: [...warnings, ...report.warnings],
    };
    this.#report = { ...report, ...this.#known };
    return this.#report;
  }

  /** What was last reported, in one line. */
  known() {
    return this.#report ? describe(this.#report) : 'nothing yet';
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
   * @param {number} [every] milliseconds; each question takes time of the browser's, 5 to 10 ms of Firefox's
   * @returns {Promise<Report>}
   */
  async until(what, holds, within = 120_000, every = 100) {
    return until(
      async () => {
        const report = await this.report();
        if (holds(report)) return report;
        if (FINAL.includes(report.state)) throw new Error(`${what}: it ended first, ${describe(report)}`);
        return undefined;
      },
      { what, within, every },
    ).catch((error) => {
      throw new Error(`${error.message}\n${this.known()}`);
    });
  }

  /** Waits until so much of it has been confirmed or is on its way. @param {number} percent */
  reached(percent) {
    return this.until(`${percent} % of the upload`, ({ progress }) => progress.percent >= percent);
  }

  /** @param {number} [within] milliseconds */
  done(within) {
    return this.until(
      'the upload to be done',
      ({ state, result }) => state === 'done' && result,
      within,
      PATIENT,
    );
  }

  /** Waits for it to fail; the error. @param {number} [within] milliseconds */
  async failed(within) {
    const report = await this.until(
      'the upload to fail',
      ({ state, error }) => state === 'failed' && error,
      within,
      PATIENT,
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
