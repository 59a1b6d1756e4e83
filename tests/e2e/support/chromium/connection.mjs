/**
 * Chromium's own protocol over a pipe. Without Playwright, which switches on DevTools' Network domain: that tells of every request,
 * copies what pages send as byte arrays, and slows both down.
 */

/**
 * @typedef {(method: string, params?: object, session?: string) => Promise<any>} Send
 * @typedef {{ resolve: (result: any) => void, reject: (error: Error) => void, method: string, session?: string }} Waiting
 * @typedef {{ method: string, params: any, sessionId?: string }} Event
 */

/** Messages end with a zero byte. */
export class Connection {
  #lastId = 0;
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  /** @type {Set<(event: Event) => void>} */
  #listeners = new Set();
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
    input.once('close', () => this.#refuse('the browser is gone', () => true));
  }

  /** @type {Send} */
  send(method, params = {}, session) {
    const id = (this.#lastId += 1);
    this.#output.write(`${JSON.stringify({ id, method, params, sessionId: session })}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject, method, session }));
  }

  /** @param {(event: Event) => void} listener @returns {() => void} ends it */
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

  /** @param {Event} event */
  #tell(event) {
    // A page that has crashed or was closed answers nothing any more.
    const { method, params, sessionId } = event;
    if (method === 'Inspector.targetCrashed')
      this.#refuse('the page crashed', (session) => session === sessionId);
    if (method === 'Target.detachedFromTarget')
      this.#refuse('the page is gone', (session) => session === params.sessionId);
    this.#listeners.forEach((listener) => listener(event));
  }

  /** @param {string} why @param {(session: string | undefined) => boolean} concerns */
  #refuse(why, concerns) {
    for (const [id, { reject, method, session }] of this.#waiting) {
      if (!concerns(session)) continue;
      this.#waiting.delete(id);
      reject(new Error(`${method}: ${why}`));
    }
  }
}
