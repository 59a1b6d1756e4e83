/** A Chromium as users have it, but for its window: nothing listens to what its pages do, unless asked. */
import { systemFolder } from '../files.mjs';
import { start } from '../process.mjs';
import { inTime } from '../until.mjs';
import { Connection } from './connection.mjs';
import { ChromiumPage } from './page.mjs';

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
];
/** Milliseconds. */
const LAUNCH = 60_000;

/** A running browser. */
export class Chromium {
  #running;
  #connection;

  /**
   * @param {import('../process.mjs').Running} running
   * @param {Connection} connection
   * @param {string} profile
   */
  constructor(running, connection, profile) {
    this.#running = running;
    this.#connection = connection;
    this.profile = profile;
  }

  /**
   * @param {string} profile a folder; what it holds from before is found again
   * @param {import('../cleanup.mjs').Scope} scope that ends it
   * @param {readonly string[]} [flags] further ones
   */
  static async launch(profile, scope, flags = []) {
    const program = process.env.CHROME ?? '/usr/bin/chromium';
    const args = [...FLAGS, ...flags, '--remote-debugging-pipe', `--user-data-dir=${profile}`, 'about:blank'];
    // Of pages that crash it would leave a dump in the user's home.
    const env = { BREAKPAD_DUMP_LOCATION: profile, TMPDIR: await systemFolder(scope) };
    const running = await start(program, args, { ready: /^/, scope, pipes: true, env });
    const [, , , output, input] = running.stdio;
    const connection = new Connection(
      /** @type {import('node:stream').Writable} */ (output),
      /** @type {import('node:stream').Readable} */ (input),
    );
    try {
      await inTime(connection.send('Browser.getVersion'), { what: `${program} to answer`, within: LAUNCH });
    } catch (error) {
      await running.stop();
      throw new Error(`${program} did not start:\n${running.output()}`, { cause: error });
    }
    return new Chromium(running, connection, profile);
  }

  /** Until it ends, for whatever reason. Its pipe tells so first. */
  get alive() {
    return this.#connection.open && this.#running.alive();
  }

  /** With all that is in it. */
  kill() {
    return this.#running.stop();
  }

  /** @param {NodeJS.Signals} signal to all of its processes */
  signal(signal) {
    this.#running.signal(signal);
  }

  /** @returns {Promise<string>} such as `Chrome/156.0.8078.79` */
  async version() {
    return (await this.#connection.send('Browser.getVersion')).product;
  }

  /**
   * Room for pages as in a browser that was just installed: no storage, no connection, no preflight remembered.
   *
   * @returns {Promise<string>} its id
   */
  async newContext() {
    return (await this.#connection.send('Target.createBrowserContext')).browserContextId;
  }

  /** Closes its pages and forgets everything. @param {string} context */
  async closeContext(context) {
    await this.#connection.send('Target.disposeBrowserContext', { browserContextId: context });
  }

  /**
   * A tab that believes to be in the foreground, whichever is. (In windows of their own pages need a third more time.)
   *
   * @param {string} [context] in place of what uses the profile
   */
  async newPage(context) {
    const { targetId } = await this.#connection.send('Target.createTarget', {
      url: 'about:blank',
      browserContextId: context,
    });
    const attached = { targetId, flatten: true };
    const { sessionId } = await this.#connection.send('Target.attachToTarget', attached);
    const page = new ChromiumPage(this.#connection, sessionId, targetId);
    await page.send('Emulation.setFocusEmulationEnabled', { enabled: true });
    return page;
  }
}
