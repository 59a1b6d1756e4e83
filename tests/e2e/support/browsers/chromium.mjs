/** Chromium as a process of its own, so that it can be killed like a user's browser is, and started again. */
import { chromium as playwright } from 'playwright-core';
import { start } from '../process.mjs';
import { FLAGS } from './chromium-flags.mjs';

/** @typedef {import('./index.mjs').Page} Page */

const OWN_FLAGS = [
  // Otherwise `performance.memory` is rounded, and read anew every twenty minutes only.
  '--enable-precise-memory-info',
  '--remote-debugging-port=0',
];

/** @type {import('./index.mjs').Engine} */
export const chromium = {
  can: { throttle: true, offline: true, freeze: true, longTasks: true, killTab: true, blockStorage: true },
  async launch(profile, scope) {
    const program = process.env.CHROME ?? '/usr/bin/chromium';
    const ready = /DevTools listening on (ws:\S+)/;
    const args = [...FLAGS, ...OWN_FLAGS, `--user-data-dir=${profile}`, 'about:blank'];
    const running = await start(program, args, { ready, scope, within: 60_000 });
    const remote = await playwright.connectOverCDP(running.ready[1] ?? '');
    scope.onEnd(() => remote.close().catch(() => {}));
    return {
      async newPage() {
        // The one context that uses the profile.
        const [context] = remote.contexts();
        if (!context) throw new Error('the browser has no context');
        const page = await context.newPage();
        return new ChromiumPage(page, await context.newCDPSession(page));
      },
      alive: running.alive,
      kill: running.stop,
      suspend: (asleep) => running.signal(asleep ? 'SIGSTOP' : 'SIGCONT'),
    };
  },
};

/** @implements {Page} */
class ChromiumPage {
  /**
   * @param {import('playwright-core').Page} page
   * @param {import('playwright-core').CDPSession} session the browser's own protocol
   */
  constructor(page, session) {
    this.playwright = page;
    this.session = session;
  }

  /** @param {string} url */
  async open(url) {
    await this.playwright.goto(url);
  }

  /** @param {string} expression */
  evaluate(expression) {
    return this.playwright.evaluate(expression);
  }

  /** Past Playwright, which copies small files: the page gets them from disk. @param {string[]} paths */
  async choose(paths) {
    const expression = 'document.querySelector("input")';
    const { result } = await this.session.send('Runtime.evaluate', { expression });
    await this.session.send('DOM.setFileInputFiles', { objectId: result.objectId ?? '', files: paths });
  }

  async close() {
    await this.playwright.close();
  }

  /** @param {(line: string) => void} write */
  onConsole(write) {
    this.playwright.on('console', (message) => write(`${message.type()}: ${message.text()}`));
    this.playwright.on('pageerror', (error) => write(`uncaught: ${error.stack}`));
  }

  /** @param {number} bytesPerSecond */
  async throttle(bytesPerSecond) {
    await this.session.send('Network.enable');
    await this.session.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: bytesPerSecond,
    });
  }

  /** For all pages of the browser. @param {boolean} offline */
  async setOffline(offline) {
    await this.playwright.context().setOffline(offline);
  }

  /**
   * By the debugger: `Page.setWebLifecycleState` leaves a page that is visible as it is, and without a head all are.
   *
   * @param {boolean} frozen
   */
  async freeze(frozen) {
    if (frozen) {
      const paused = new Promise((resolve) => this.session.once('Debugger.paused', resolve));
      await this.session.send('Debugger.enable');
      await this.session.send('Debugger.pause');
      await paused;
    } else {
      await this.session.send('Debugger.resume');
      await this.session.send('Debugger.disable');
    }
  }

  async collectGarbage() {
    await this.session.send('HeapProfiler.collectGarbage');
  }

  /** The reply never comes: who would send it is gone. */
  async kill() {
    const crashed = new Promise((resolve) => this.playwright.once('crash', resolve));
    this.session.send('Page.crash').catch(() => {});
    await crashed;
  }
}
