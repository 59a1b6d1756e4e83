/** A page of Chromium. */

export class ChromiumPage {
  #connection;
  #session;
  #target;

  /**
   * @param {import('./connection.mjs').Connection} connection
   * @param {string} session
   * @param {string} target
   */
  constructor(connection, session, target) {
    this.#connection = connection;
    this.#session = session;
    this.#target = target;
  }

  /**
   * Asks the browser for something that concerns this page.
   *
   * @param {string} method
   * @param {object} [params]
   */
  send(method, params) {
    return this.#connection.send(method, params, this.#session);
  }

  /** Tells what happens from now on. @param {string} method @param {(params: any) => void} tell */
  on(method, tell) {
    this.#connection.on(method, this.#session, tell);
  }

  /** Resolves when it has happened once more; rejected when the page is gone. @param {string} method */
  event(method) {
    return this.#connection.event(method, this.#session);
  }

  /** Goes there, and waits until all scripts of the page have run. @param {string} url */
  async open(url) {
    await this.send('Page.enable');
    const loaded = this.event('Page.loadEventFired');
    const { errorText } = await this.send('Page.navigate', { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await loaded;
  }

  /** The value of an expression, or of its promise. @param {string} expression */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Has the user choose files, in place of those chosen before: the page gets them from disk. @param {readonly string[]} paths */
  async choose(paths) {
    const expression = 'document.querySelector("input")';
    const { result } = await this.send('Runtime.evaluate', { expression });
    await this.send('DOM.setFileInputFiles', { objectId: result.objectId, files: paths });
  }

  /** As the user does. */
  async close() {
    const closed = this.event('Target.detachedFromTarget');
    await this.#connection.send('Target.closeTarget', { targetId: this.#target });
    await closed;
  }

  /** Ends the process behind it, as a user's does that runs out of memory, and closes what is left of it. */
  async kill() {
    const crashed = this.event('Inspector.targetCrashed');
    // Who is asked does not live to answer, unless it refuses.
    await Promise.race([crashed, this.send('Page.crash').then(() => crashed)]);
    await this.close();
  }
}
