// What the tests watch in a page without the library's knowledge. A classic script, so that it is there first.

{
  /** What was logged and not yet taken. @type {string[]} */
  const lines = [];
  /** @param {unknown} value */
  const show = (value) => {
    if (value instanceof Error) return `${value}\n${value.stack}`;
    try {
      return typeof value === 'string' ? value : JSON.stringify(value);
    } catch {
      return String(value);
    }
  };
  for (const level of /** @type {const} */ (['debug', 'error', 'info', 'log', 'warn'])) {
    const original = console[level];
    console[level] = (...values) => {
      lines.push(`${level}: ${values.map(show).join(' ')}`);
      original.apply(console, values);
    };
  }
  addEventListener('error', ({ error, message }) => lines.push(`uncaught: ${show(error ?? message)}`));
  addEventListener('unhandledrejection', ({ reason }) => lines.push(`unhandled: ${show(reason)}`));

  /**
   * Requests of the page, as the page sees them: a proxy learns later that one was given up.
   *
   * @type {{ start: number, end: number | null }[]}
   */
  const requests = [];
  const note = () => {
    const request = { start: Date.now(), end: /** @type {number | null} */ (null) };
    requests.push(request);
    return () => (request.end = Date.now());
  };
  // Where requests go that must find no network: browsers refuse to connect to this port.
  const NOWHERE = 'http://127.0.0.1:1/';
  const { open, send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (
    /** @type {string} */ method,
    /** @type {any} */ url,
    /** @type {any[]} */ ...more
  ) {
    open.call(
      this,
      method,
      observed.blocked ? NOWHERE : url,
      .../** @type {[any]} */ (more.length ? more : [true]),
    );
  };
  XMLHttpRequest.prototype.send = function (body) {
    this.addEventListener('loadend', note());
    send.call(this, body);
  };
  const { fetch } = window;
  window.fetch = (...args) => {
    const ended = note();
    const response = observed.blocked ? fetch(NOWHERE) : fetch.apply(window, args);
    response.then(ended, ended);
    return response;
  };

  /** From when on a message is late, where the browser does not report tasks of more than 50 ms; milliseconds. */
  const NOTICEABLE = 100;
  /** For how long a busy machine is an excuse, and how often it is looked at; milliseconds. */
  const EXCUSED = 1_000;
  const TICK = 10;
  /** @type {{ name: string, duration: number, at: number }[]} */
  const longTasks = [];
  const now = () => performance.timeOrigin + performance.now();
  if (PerformanceObserver.supportedEntryTypes.includes('longtask')) {
    new PerformanceObserver((list) => {
      for (const { startTime, duration, name } of list.getEntries())
        longTasks.push({ name, duration, at: performance.timeOrigin + startTime });
    }).observe({ type: 'longtask', buffered: true });
  } else {
    // Messages of a worker are late when this thread has no time for them. When the machine has none, the worker's own
    // clock is late, too: only what is beyond that counts.
    const clock = `let last = performance.now();
      setInterval(() => {
        const tick = performance.now();
        postMessage({ at: performance.timeOrigin + tick, behind: tick - last - ${TICK} });
        last = tick;
      }, ${TICK});`;
    let after = 0;
    let excuse = { at: 0, behind: 0 };
    const worker = new Worker(URL.createObjectURL(new Blob([clock])));
    worker.onmessage = ({ data: { at, behind } }) => {
      if (behind > excuse.behind || at > excuse.at + EXCUSED) excuse = { at, behind };
      const duration = now() - at - excuse.behind;
      // What was sent during the same task is not another one.
      if (duration <= NOTICEABLE || at < after) return;
      after = now();
      longTasks.push({ name: 'late', duration, at });
    };
  }

  /** What was written where it stays or where other pages read it, the first of each kind. @type {Map<string, string>} */
  const written = new Map();
  /**
   * @param {any} prototype
   * @param {string} name of a method that writes
   */
  const spy = (prototype, name) => {
    const original = prototype[name];
    prototype[name] = function (/** @type {unknown[]} */ ...values) {
      const text = show(values);
      const kind = text.replace(/[0-9a-f]{8,}|\d+/g, '0');
      if (!written.has(kind)) written.set(kind, text);
      return original.apply(this, values);
    };
  };
  spy(Storage.prototype, 'setItem');
  spy(IDBObjectStore.prototype, 'put');
  spy(IDBObjectStore.prototype, 'add');
  spy(IDBCursor.prototype, 'update');
  spy(BroadcastChannel.prototype, 'postMessage');

  const observed = { lines, requests, longTasks, written, blocked: false };
  Object.assign(window, { observed });
}
