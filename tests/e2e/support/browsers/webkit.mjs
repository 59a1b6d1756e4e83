/** WebKitGTK under WebKitWebDriver, in a small browser of our own (`webkit.py`) on a display nobody sees. */
import { readFile, readdir, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { everything } from '../cleanup.mjs';
import { start } from '../process.mjs';
import { until } from '../until.mjs';
import { Session, WebDriverPage, sessionOf } from './webdriver.mjs';

const browser = join(dirname(fileURLToPath(import.meta.url)), 'webkit.py');

/** One display for all. @type {Promise<string> | undefined} */
let display;

/** @type {import('./index.mjs').Engine} */
export const webkit = {
  // When a page's process dies, WebKit ends the driver's session, and with it the control over all other pages.
  can: {
    throttle: false,
    freeze: false,
    longTasks: false,
    killTab: false,
    blockStorage: false,
  },
  async launch(profile, scope) {
    display ??= startDisplay();
    const env = {
      DISPLAY: await display,
      WEBKIT_PROFILE: profile,
      // No session bus, no accessibility, no GPU: there is none of them here.
      DBUS_SESSION_BUS_ADDRESS: 'disabled:',
      NO_AT_BRIDGE: '1',
      WEBKIT_DISABLE_COMPOSITING_MODE: '1',
      GIO_USE_VFS: 'local',
    };
    const driver = await start('WebKitWebDriver', ['--port=0'], { ready: /^/, scope, env });
    const session = await sessionOf(driver, async () => {
      const listens = () => listeningPort(driver.pid);
      const port = await until(listens, { what: 'WebKitWebDriver to listen', within: 30_000 });
      return Session.create(`http://127.0.0.1:${port}`, {
        'webkitgtk:browserOptions': { binary: browser, args: [] },
      });
    });
    return {
      newPage: async () => new WebDriverPage(session, await session.newWindow()),
      alive: driver.alive,
      kill: driver.stop,
      suspend: (asleep) => driver.signal(asleep ? 'SIGSTOP' : 'SIGCONT'),
    };
  },
};

async function startDisplay() {
  const args = ['-displayfd', '1', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'];
  // Before it tells which display it has taken, it complains of those that others have.
  const { ready } = await start('Xvfb', args, { ready: /^(\d+)\n/m, scope: everything });
  return `:${ready[1]}`;
}

/**
 * The port a process listens on at 127.0.0.1, of those that choose one and do not tell.
 *
 * @param {number} pid
 */
async function listeningPort(pid) {
  const files = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')));
  for (const line of (await readFile('/proc/net/tcp', 'utf8')).split('\n')) {
    // Number, local address, remote address, state (0A: listening), …, inode: proc(5).
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    const port = Number.parseInt(local.split(':')[1] ?? '', 16);
    if (state === '0A' && links.includes(`socket:[${inode}]`)) return port;
  }
  return undefined;
}
