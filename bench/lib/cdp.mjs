/**
 * Chromium's own protocol over a pipe. Without Playwright, which switches on DevTools' Network domain: that copies what pages send
 * as byte arrays, and slows down who does that several-fold.
 */

/**
 * @typedef {(method: string, params?: object, session?: string) => Promise<any>} Send
 * @typedef {{ resolve: (result: any) => void, reject: (error: Error) => void, method: string }} Waiting
 */

/** Messages end with a zero byte. */
export class Connection {
  #lastId = 0;
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  /** @type {Set<(event: { method: string, params: any, sessionId?: string }) => void>} */
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
    input.once('close', () => this.#end());
  }

  /** @type {Send} */
  send(method, params = {}, sessionId) {
    const id = (this.#lastId += 1);
    this.#output.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject, method }));
  }

  /** @param {(event: { method: string, params: any, sessionId?: string }) => void} listener @returns {() => void} ends it */
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
    if (id === undefined) return this.#listeners.forEach((listener) => listener(event));
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new Error(`${waiting.method}: ${error.message}`));
    else waiting?.resolve(result);
  }

  #end() {
    for (const { reject, method } of this.#waiting.values())
      reject(new Error(`${method}: the browser is gone`));
    this.#waiting.clear();
  }
}
