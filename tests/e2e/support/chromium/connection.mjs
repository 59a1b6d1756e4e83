/**
 * Chromium's own protocol over a pipe. Without Playwright, which switches on DevTools' Network domain: that tells of every request, and
 * copies what pages send as byte arrays, which takes them several times as long.
 */

/**
 * @typedef {{ resolve: (result: any) => void, reject: (error: Error) => void, method: string, session?: string }} Waiting
 * @typedef {{ tell: (params: any) => void, method: string, session: string }} Listening
 */

/** How the browser says that a session is over. */
const ENDED = 'Target.detachedFromTarget';

/** Messages end with a zero byte. */
export class Connection {
  #lastId = 0;
  /** For an answer, by its id. @type {Map<number, Waiting>} */
  #waiting = new Map();
  /** For an event. @type {Set<Waiting>} */
  #expecting = new Set();
  /** @type {Set<Listening>} */
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

  /** Tells what happens from now on. @param {string} method @param {string} session @param {(params: any) => void} tell */
  on(method, session, tell) {
    this.#listeners.add({ tell, method, session });
  }

  /**
   * What happens next; that a session has ended is told of it, too.
   *
   * @param {string} method
   * @param {string} session
   * @returns {Promise<any>} rejected as of `send`
   */
  event(method, session) {
    const next = new Promise((resolve, reject) => {
      // What has crashed is still to be closed.
      const gone = this.#gone.get(undefined) ?? (method === ENDED ? undefined : this.#gone.get(session));
      if (gone) reject(new Error(`${method}: ${gone}`));
      else this.#expecting.add({ resolve, reject, method, session });
    });
    // Whoever waits for it may fail before, and then nobody asks.
    next.catch(() => {});
    return next;
  }

  /** Whether anything can be asked. */
  get open() {
    return !this.#gone.has(undefined);
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

  /** @param {{ method: string, params: any, sessionId?: string }} event */
  #tell({ method, params, sessionId }) {
    const of = method === ENDED ? params.sessionId : sessionId;
    const concerns = (/** @type {{ method: string, session?: string }} */ who) =>
      who.method === method && who.session === of;
    for (const listener of this.#listeners) if (concerns(listener)) listener.tell(params);
    for (const waiting of this.#expecting) {
      if (concerns(waiting) && this.#expecting.delete(waiting)) waiting.resolve(params);
    }
    // It answers nothing any more.
    if (method === 'Inspector.targetCrashed') this.#refuse('the page crashed', of);
    if (method === ENDED) this.#refuse('the page is gone', of);
  }

  /** @param {string} why @param {string} [of] a session, unless it concerns all */
  #refuse(why, of) {
    this.#gone.set(of, why);
    const concerns = (/** @type {string | undefined} */ session) => of === undefined || session === of;
    for (const [id, waiting] of this.#waiting) {
      if (concerns(waiting.session) && this.#waiting.delete(id)) refuse(waiting, why);
    }
    for (const waiting of this.#expecting) {
      if (waiting.method === ENDED && of !== undefined) continue;
      if (concerns(waiting.session) && this.#expecting.delete(waiting)) refuse(waiting, why);
    }
    for (const listener of this.#listeners) if (concerns(listener.session)) this.#listeners.delete(listener);
  }
}

/** @param {Waiting} waiting @param {string} why */
function refuse({ reject, method }, why) {
  reject(new Error(`${method}: ${why}`));
}
