/**
 * Chromium's own protocol over a pipe. Without Playwright, which switches on DevTools' Network domain: that tells of every request, and
 * copies what pages send as byte arrays, which takes them several times as long.
 */

/**
 * @typedef {{ resolve: (result: any) => void, reject: (error: Error) => void, method: string, session?: string }} Waiting
 * @typedef {{ method: string, params: any, sessionId?: string }} Told
 */

/** Messages end with a zero byte. */
export class Connection {
  #lastId = 0;
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  /** @type {Set<(event: Told) => void>} */
  #listeners = new Set();
  /** Why nothing can be asked any more: of a session, or, without one, of the browser. @type {Map<string | undefined, string>} */
  #gone = new Map();
  #rest = '';
  #output;

  /**
   * @param {import('node:stream').Writable} output
   * @param {import('node:stream').Readable} input
   */
  constructor(output, input) {
    this.#output = output;
    output.on('error', () => {});
    input.setEncoding('utf8').on('data', (/** @type {string} */ text) => this.#read(text));
    input.once('close', () => this.#refuse('the browser is gone'));
  }

  /**
   * @param {string} method
   * @param {object} [params]
   * @param {string} [session] what it concerns, unless the whole browser
   * @returns {Promise<any>} rejected when whom it was asked of is gone, or goes before it has answered
   */
  send(method, params = {}, session) {
    const gone = this.#gone.get(undefined) ?? this.#gone.get(session);
    if (gone) return Promise.reject(new Error(`${method}: ${gone}`));
    const id = (this.#lastId += 1);
    this.#output.write(`${JSON.stringify({ id, method, params, sessionId: session })}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject, method, session }));
  }

  /** @param {(event: Told) => void} listener @returns {() => void} ends it */
  on(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param {string} text */
  #read(text) {
    const messages = (this.#rest + text).split('\0');
    this.#rest = messages.pop() ?? '';
    for (const message of messages) this.#take(JSON.parse(message));
  }

  /** @param {any} message */
  #take({ id, result, error, ...event }) {
    if (id === undefined) return this.#tell(event);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new Error(`${waiting.method}: ${error.message}`));
    else waiting?.resolve(result);
  }

  /** @param {Told} event */
  #tell(event) {
    const { method, params, sessionId } = event;
    this.#listeners.forEach((listener) => listener(event));
    // It answers nothing any more.
    if (method === 'Inspector.targetCrashed') this.#refuse('the page crashed', sessionId);
    if (method === 'Target.detachedFromTarget') this.#refuse('the page is gone', params.sessionId);
  }

  /** @param {string} why @param {string} [of] a session, unless it concerns all */
  #refuse(why, of) {
    this.#gone.set(of, why);
    for (const [id, { reject, method, session }] of this.#waiting) {
      if (of !== undefined && session !== of) continue;
      this.#waiting.delete(id);
      reject(new Error(`${method}: ${why}`));
    }
  }
}
