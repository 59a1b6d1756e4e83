/** What a scenario is given: a store behind a fault proxy, browsers, signing servers. */
import assert from 'node:assert/strict';
import { Browser } from './browser.mjs';
import { Scope } from './cleanup.mjs';
import { temporaryFolder } from './files.mjs';
import { Proxy } from './proxy.mjs';
import { credentials } from './s3.mjs';
import { startSigner } from './signer.mjs';
import { Tab } from './tab.mjs';

/** The environment of one run of one scenario. */
export class World {
  scope = new Scope();
  /** @type {Tab[]} */
  tabs = [];

  /**
   * @param {object} parts
   * @param {string} parts.site
   * @param {import('./stores/index.mjs').Store} parts.store
   * @param {Proxy} parts.proxy in front of the store
   */
  constructor({ site, store, proxy }) {
    this.site = site;
    this.store = store;
    this.proxy = proxy;
    this.bucket = store.bucket;
  }

  /** A new profile folder. */
  profile() {
    return temporaryFolder('profile-', this.scope);
  }

  /** A browser. @param {string} [profile] */
  async browser(profile) {
    return Browser.launch(profile ?? (await this.profile()), this.scope);
  }

  /** The test page in a browser, a new one unless it is given. @param {Browser} [browser] */
  async tab(browser) {
    const tab = await Tab.open(browser ?? (await this.browser()), this.site);
    this.tabs.push(tab);
    return tab;
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

  /** The same scenario's world with a bucket that hides ETags from pages, behind a proxy of its own. */
  async withHiddenEtag() {
    const bucket = await this.store.withHiddenEtag(this.scope);
    const proxy = await Proxy.start(bucket.origin, this.scope);
    const world = new World({ site: this.site, store: { ...this.store, bucket }, proxy });
    world.scope = this.scope;
    world.tabs = this.tabs;
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
    return [`the last of ${log.length} requests:`, ...lines, 'the page said:', ...said].join('\n');
  }
}
