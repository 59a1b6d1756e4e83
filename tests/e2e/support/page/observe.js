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
  const { send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.send = function (body) {
    this.addEventListener('loadend', note());
    send.call(this, body);
  };
  const { fetch } = window;
  window.fetch = (...args) => {
    const ended = note();
    const response = fetch.apply(window, args);
    response.then(ended, ended);
    return response;
  };

  /** How long the main thread was kept from other work, at most this often written down; milliseconds. */
  const NOTICEABLE = 50;
  /** @type {{ name: string, duration: number, at: number }[]} */
  const longTasks = [];
  const now = () => performance.timeOrigin + performance.now();
  if (PerformanceObserver.supportedEntryTypes.includes('longtask')) {
    new PerformanceObserver((list) => {
      for (const { startTime, duration, name } of list.getEntries())
        longTasks.push({ name, duration, at: performance.timeOrigin + startTime });
    }).observe({ type: 'longtask', buffered: true });
  } else {
    // A worker's messages are late when the main thread has no time for them. When the whole machine has none, it
    // sends none.
    const clock = 'setInterval(() => postMessage(performance.timeOrigin + performance.now()), 10)';
    let after = 0;
    new Worker(URL.createObjectURL(new Blob([clock]))).onmessage = ({ data: at }) => {
      const duration = now() - at;
      // What was sent during the same task is not another one.
      if (duration > NOTICEABLE && at > after) {
        longTasks.push({ name: 'late', duration, at });
        after = now();
      }
    };
  }

  Object.assign(window, { observed: { lines, requests, longTasks } });
}
