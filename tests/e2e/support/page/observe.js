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

  /** How long the main thread was kept from other work, at most this often written down; milliseconds. */
  const NOTICEABLE = 50;
  /** For how long a busy machine is an excuse; milliseconds. */
  const EXCUSED = 1_000;
  /** @type {{ name: string, duration: number, at: number }[]} */
  const longTasks = [];
  const now = () => performance.timeOrigin + performance.now();
  if (PerformanceObserver.supportedEntryTypes.includes('longtask')) {
    new PerformanceObserver((list) => {
      for (const { startTime, duration, name } of list.getEntries())
        longTasks.push({ name, duration, at: performance.timeOrigin + startTime });
    }).observe({ type: 'longtask', buffered: true });
  } else {
    // Messages of a worker are late when this thread has no time for them. They are late for another worker, too, when
    // the machine has none: only what is beyond that counts.
    const clock = `const ticks = new BroadcastChannel(name);
      setInterval(() => ticks.postMessage(performance.timeOrigin + performance.now()), 10);`;
    const control = `new BroadcastChannel(name).onmessage = ({ data: at }) => {
      const late = performance.timeOrigin + performance.now() - at;
      if (late > 10) postMessage({ at, late });
    };`;
    const name = `ticks ${crypto.randomUUID()}`;
    const start = (/** @type {string} */ code) => new Worker(URL.createObjectURL(new Blob([code])), { name });
    let excuse = { at: 0, late: 0 };
    start(control).onmessage = ({ data }) => {
      if (data.late > excuse.late || data.at > excuse.at + EXCUSED) excuse = data;
    };
    start(clock);
    let after = 0;
    new BroadcastChannel(name).onmessage = ({ data: at }) => {
      const late = now() - at;
      // What was sent during the same task is not another one.
      if (late <= NOTICEABLE || at < after) return;
      after = now();
      // The other worker tells a little later.
      setTimeout(() => {
        const duration = at < excuse.at + EXCUSED ? late - excuse.late : late;
        if (duration > NOTICEABLE) longTasks.push({ name: 'late', duration, at });
      }, 100);
    };
  }

  const observed = { lines, requests, longTasks, blocked: false };
  Object.assign(window, { observed });
}
