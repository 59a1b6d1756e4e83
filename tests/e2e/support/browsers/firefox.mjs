/** Firefox under geckodriver; each browser has a driver of its own, so that both can be killed together. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemFolder } from '../files.mjs';
import { toolsDir } from '../paths.mjs';
import { start } from '../process.mjs';
import { Session, WebDriverPage, sessionOf } from './webdriver.mjs';

/** Nothing may leave this machine, and nothing may take the processor while a test runs. */
const PREFS = {
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'app.normandy.enabled': false,
  'app.update.enabled': false,
  'nimbus.rollouts.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.sessionstore.resume_from_crash': false,
  'toolkit.startup.max_resumed_crashes': -1,
  'toolkit.telemetry.server': '',
  'extensions.update.enabled': false,
};

/** @type {import('./index.mjs').Engine} */
export const firefox = {
  can: { throttle: false, freeze: false, longTasks: false, killTab: true, blockStorage: true },
  async launch(profile, scope) {
    const own = join(toolsDir, 'bin', 'geckodriver');
    const program = process.env.GECKODRIVER ?? (existsSync(own) ? own : 'geckodriver');
    const args = ['--port', '0', '--websocket-port', '0', '--allow-system-access'];
    const env = { TMPDIR: await systemFolder(scope) };
    const driver = await start(program, args, { ready: /Listening on (\S+:\d+)/, scope, env });
    const session = await sessionOf(driver, () =>
      Session.create(`http://${driver.ready[1]}`, {
        'moz:firefoxOptions': {
          binary: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
          args: ['-headless', '-profile', profile],
          prefs: PREFS,
        },
      }),
    );
    return {
      newPage: async () => new FirefoxPage(session, await session.newWindow()),
      alive: driver.alive,
      kill: driver.stop,
      suspend: (asleep) => driver.signal(asleep ? 'SIGSTOP' : 'SIGCONT'),
    };
  },
};

/** With what Marionette offers in the browser's own context. */
class FirefoxPage extends WebDriverPage {
  /** For all pages of the browser. @param {boolean} offline */
  async setOffline(offline) {
    await this.#inBrowser('Services.io.offline = arguments[0]', offline);
  }

  /** Pages of one site are spread over four processes. */
  async kill() {
    const pid = await this.#inBrowser(`
      // geckodriver sets it, so that the whole browser ends with the process of a page.
      Services.env.set('MOZ_CRASHREPORTER_SHUTDOWN', '');
      return gBrowser.selectedBrowser.browsingContext.currentWindowGlobal.osPid;`);
    this.session.lost(this.window);
    process.kill(pid, 'SIGKILL');
  }

  /**
   * @param {string} script
   * @param {...unknown} args
   */
  #inBrowser(script, ...args) {
    return this.session.within(this.window, async (send) => {
      await send('POST', 'moz/context', { context: 'chrome' });
      try {
        return await send('POST', 'execute/sync', { script, args });
      } finally {
        await send('POST', 'moz/context', { context: 'content' });
      }
    });
  }
}
