/** Chromium as a process of its own, so that it can be killed like a user's browser is, and started again. */
import { chromium } from 'playwright-core';
import { start } from './process.mjs';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--remote-debugging-port=0',
];

/** A running browser. */
export class Browser {
  /**
   * @param {import('./process.mjs').Running} running
   * @param {import('playwright-core').Browser} remote
   */
  constructor(running, remote) {
    this.running = running;
    this.remote = remote;
  }

  /**
   * @param {string} profile folder; what it holds from before is found again
   * @param {import('./cleanup.mjs').Scope} scope
   */
  static async launch(profile, scope) {
    const program = process.env.CHROME ?? '/usr/bin/chromium';
    const ready = /DevTools listening on (ws:\S+)/;
    const args = [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'];
    const running = await start(program, args, { ready, scope, within: 60_000 });
    const remote = await chromium.connectOverCDP(running.ready[1] ?? '');
    scope.onEnd(() => remote.close().catch(() => {}));
    return new Browser(running, remote);
  }

  /** The one context that uses the profile. */
  get context() {
    const [context] = this.remote.contexts();
    if (!context) throw new Error('the browser has no context');
    return context;
  }

  /** Ends it with SIGKILL: nothing is saved, nobody is told. */
  async kill() {
    await this.running.stop();
  }
}
