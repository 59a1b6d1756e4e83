/** Chromium as a process of its own, so that it can be killed like a user's browser is, and started again. */
import { Chromium } from '../chromium/browser.mjs';

/** @typedef {import('../chromium/page.mjs').ChromiumPage} ChromiumPage */

/** Otherwise `performance.memory` is rounded, and read anew every twenty minutes only. */
const PRECISE_MEMORY = '--enable-precise-memory-info';
/** In place of bytes per second. */
const AS_IT_GOES = -1;

/** @type {import('./index.mjs').Engine} */
export const chromium = {
  can: { throttle: true, freeze: true, longTasks: true, killTab: true, blockStorage: true },
  async launch(profile, scope) {
    const browser = await Chromium.launch(profile, scope, [PRECISE_MEMORY]);
    return {
      newPage: async () => viewOf(await browser.newPage()),
      alive: () => browser.alive,
      kill: () => browser.kill(),
      suspend: (asleep) => browser.signal(asleep ? 'SIGSTOP' : 'SIGCONT'),
    };
  },
};

/**
 * With what the browser's own protocol offers beyond WebDriver.
 *
 * @param {ChromiumPage} page
 * @returns {import('./index.mjs').Page}
 */
function viewOf(page) {
  let open = true;
  /** @param {() => Promise<void>} close */
  const once = async (close) => {
    if (!open) return;
    open = false;
    await close();
  };
  let network = { offline: false, uploadThroughput: AS_IT_GOES };
  /** @param {Partial<typeof network>} change */
  const emulate = async (change) => {
    network = { ...network, ...change };
    await page.send('Network.enable');
    const conditions = { latency: 0, downloadThroughput: AS_IT_GOES, ...network };
    await page.send('Network.emulateNetworkConditions', conditions);
    // While it is on, pages take several times as long for what they send.
    if (!network.offline && network.uploadThroughput === AS_IT_GOES) await page.send('Network.disable');
  };
  return {
    offlineIsReal: true,
    open: (url) => page.open(url),
    evaluate: (expression) => page.evaluate(expression),
    choose: (paths) => page.choose(paths),
    close: () => once(() => page.close()),
    kill: () => once(() => page.kill()),
    async watchLog(write) {
      page.on('Log.entryAdded', ({ entry }) => write(`${entry.level}: ${entry.text}`));
      await page.send('Log.enable');
    },
    throttle: (bytesPerSecond) => emulate({ uploadThroughput: bytesPerSecond }),
    setOffline: (offline) => emulate({ offline }),
    // By the debugger: `Page.setWebLifecycleState` leaves a page that is visible as it is, and without a head all are.
    async freeze(frozen) {
      if (frozen) {
        const paused = page.event('Debugger.paused');
        await page.send('Debugger.enable');
        await page.send('Debugger.pause');
        await paused;
      } else {
        await page.send('Debugger.resume');
        await page.send('Debugger.disable');
      }
    },
    async collectGarbage() {
      await page.send('HeapProfiler.collectGarbage');
    },
  };
}
