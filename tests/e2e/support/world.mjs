/** What a scenario is given: a store behind a fault proxy, browsers, signing servers. */
import assert from 'node:assert/strict';
import { Scope } from './cleanup.mjs';
import { temporaryFolder } from './files.mjs';
import { startHook } from './hook.mjs';
import { Proxy } from './proxy.mjs';
import { credentials } from './s3.mjs';
import { startSigner } from './signer.mjs';
import { Tab } from './tab.mjs';
import { inTime } from './until.mjs';

/** @typedef {Pick<import('./tab.mjs').Report, 'retries' | 'states'>} Cost */

/** Milliseconds one task may keep the page from answering its user: what is still felt as immediate (RAIL). */
const LONGEST_TASK = 100;
/**
 * The same where the browser reports no tasks, and how late a worker's messages are is all there is to tell. They are late
 * for the browser's own reasons, too, WebKit's by up to half a second when parts begin to be sent: so only what a user would
 * take for a page that hangs counts.
 */
const LATEST = 1_000;

/** The environment of one run of one scenario. */
export class World {
  /** @type {Tab[]} */
  tabs = [];
  /** @type {import('./cloud.mjs').Cloud[]} */
  clouds = [];
  /** What the summary says about the run, besides its time. @type {string[]} */
  figures = [];
  /** When it has failed, nothing of it is used again. */
  outcome = { failed: false };

  /**
   * @param {object} parts
   * @param {Scope} parts.scope
   * @param {string} parts.site
   * @param {import('./browsers/index.mjs').Engine} parts.engine
   * @param {import('./browsers/pool.mjs').Pool} parts.pool
   * @param {import('./stores/index.mjs').Store} parts.store
   * @param {Proxy} parts.proxy in front of the store
   */
  constructor({ scope, site, engine, pool, store, proxy }) {
    this.scope = scope;
    this.site = site;
    this.engine = engine;
    this.pool = pool;
    this.store = store;
    this.proxy = proxy;
    this.bucket = store.bucket;
  }

  /** What this run's browser can do. */
  get can() {
    return this.engine.can;
  }

  /** Milliseconds that one of `tab.longTasks` may take. */
  get longestTask() {
    return this.can.longTasks ? LONGEST_TASK : LATEST;
  }

  /** A new profile folder. */
  profile() {
    return temporaryFolder('profile-', this.scope);
  }

  /** A browser for several tabs. @param {string} [profile] it is started with this one, and may be killed */
  async browser(profile) {
    return profile === undefined ? this.#pooled() : this.engine.launch(profile, this.scope);
  }

  /**
   * The test page in a browser, unless it is given in one that no other tab of this scenario is in.
   *
   * @param {import('./browsers/index.mjs').Browser} [browser]
   */
  async tab(browser) {
    const tab = await Tab.open(browser ?? (await this.#pooled()), this.site, this.proxy);
    this.tabs.push(tab);
    return tab;
  }

  async #pooled() {
    const { engine, pool } = this;
    const browser = await pool.take(engine);
    this.scope.onEnd(async () => {
      const tabs = this.tabs.filter((tab) => tab.browser === browser);
      const closed = tabs.map((tab) =>
        inTime(tab.view.close(), { what: 'the tab to close', within: 10_000 }),
      );
      const clean = await Promise.all(closed).then(
        () => !this.outcome.failed && browser.alive(),
        () => false,
      );
      if (clean) pool.giveBack(engine, browser);
      else await browser.kill();
    });
    return browser;
  }

  /** Options for an uploader with a signing server of its own. @param {{ urlExpires?: number }} [options] */
  signer(options) {
    return startSigner({
      store: this.proxy.origin,
      bucket: this.bucket.name,
      scope: this.scope,
      ...options,
    });
  }

  /** Options for an uploader that signs in the page. */
  direct() {
    const { region, accessKey, secretKey } = credentials;
    return {
      store: {
        kind: 's3',
        bucket: this.bucket.name,
        region,
        endpoint: this.proxy.origin,
        credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
      },
    };
  }

  /** A URL at which pages can ask the test. @param {(question: any) => unknown} answer */
  hook(answer) {
    return startHook(answer, this.scope);
  }

  /** A tab with an uploader in front of a signing server. @param {Record<string, unknown>} [options] for the uploader */
  async uploader(options = {}) {
    const tab = await this.tab();
    await tab.create({ ...(await this.signer()), ...options });
    return tab;
  }

  /**
   * The stored object is the file, byte for byte.
   *
   * @param {string | undefined} key
   * @param {import('./files.mjs').TestFile} file
   */
  async holds(key, file) {
    assert.ok(key, 'the upload has no key');
    const { sha256, size } = file;
    assert.deepEqual(await this.bucket.content(key), { sha256, size }, `the object at ${key}`);
  }

  /**
   * Has what an upload cost printed with the outcome: retries, the share of bytes sent in vain, and time.
   *
   * @param {Cost | readonly Cost[]} reports of all pages that took part
   * @param {{ size: number } | readonly { size: number }[]} files that all that was sent belongs to
   * @param {number} [sent] bytes; all that the store's proxy has seen, unless they went elsewhere
   */
  async account(reports, files, sent) {
    const costs = [reports].flat();
    const size = [files].flat().reduce((sum, file) => sum + file.size, 0);
    const bytes = sent ?? (await this.proxy.sent());
    const retries = costs.reduce((sum, { retries }) => sum + retries.length, 0);
    const times = costs.flatMap(({ states }) => states.map(({ at }) => at));
    const account = {
      retries,
      waste: bytes / size - 1,
      seconds: (Math.max(...times) - Math.min(...times)) / 1000,
    };
    const { waste, seconds } = account;
    this.figures.push(`${retries} retries, waste ${(waste * 100).toFixed(1)} %, ${seconds.toFixed(1)} s`);
    return account;
  }

  /** The same scenario's world with a bucket that hides ETags from pages, behind a proxy of its own. */
  async withHiddenEtag() {
    const bucket = await this.store.withHiddenEtag(this.scope);
    const proxy = await Proxy.start(bucket.origin, this.scope);
    const world = new World({ ...this, store: { ...this.store, bucket }, proxy });
    world.tabs = this.tabs;
    world.figures = this.figures;
    world.outcome = this.outcome;
    return world;
  }

  /** What helps to understand a failure. */
  async story() {
    const log = await this.proxy.log().catch(() => []);
    const lines = log.slice(-15).map(({ method, path, partNumber, bodyBytes, outcome, status, rule }) => {
      const part = partNumber === null ? '' : ` part ${partNumber}`;
      return `  ${method} ${path}${part}: ${bodyBytes} bytes, ${outcome ?? 'open'} ${status ?? ''} ${rule ?? ''}`;
    });
    const said = this.tabs.flatMap((tab) => tab.console.slice(-15).map((line) => `  ${line}`));
    const uploads = this.tabs.flatMap((tab) => tab.uploads.map((upload) => `  ${upload.known()}`));
    const refused = this.clouds.flatMap((cloud) => cloud.story().map((line) => `  ${line}`));
    const text = [
      `the last of ${log.length} requests:`,
      ...lines,
      'refused by the cloud:',
      ...refused,
      'the uploads, last:',
      ...uploads,
    ];
    return [...text, 'the page said:', ...said].join('\n');
  }
}
