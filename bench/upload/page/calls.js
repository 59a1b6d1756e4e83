/** How often the browser is asked for what, and how long the main thread waits for it. */

/** What uploaders use: by a name for people, whose method it is. */
const watched = {
  'Blob.slice': [Blob.prototype, 'slice'],
  'Blob.arrayBuffer': [Blob.prototype, 'arrayBuffer'],
  'Worker.postMessage': [Worker.prototype, 'postMessage'],
  'XMLHttpRequest.send': [XMLHttpRequest.prototype, 'send'],
  fetch: [globalThis, 'fetch'],
  'Storage.setItem': [Storage.prototype, 'setItem'],
  'Storage.getItem': [Storage.prototype, 'getItem'],
  'LockManager.request': [LockManager.prototype, 'request'],
  'BroadcastChannel.postMessage': [BroadcastChannel.prototype, 'postMessage'],
  setTimeout: [globalThis, 'setTimeout'],
};

/** @type {Record<string, { calls: number, millis: number }>} */
const calls = {};
for (const [label, [owner, name]] of Object.entries(watched)) {
  const original = owner[name];
  const count = (calls[label] = { calls: 0, millis: 0 });
  owner[name] = function (...given) {
    const start = performance.now();
    try {
      return original.apply(this, given);
    } finally {
      count.calls += 1;
      count.millis += performance.now() - start;
    }
  };
}

Object.assign(globalThis, { calls });
