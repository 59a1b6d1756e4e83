/** Who wants to know of changes. */

/** Calls everybody once for however many changes of the same moment. */
export function notifier() {
  /** @type {Set<() => void>} */
  const listeners = new Set();
  let isDue = false;
  return {
    /** @param {() => void} listener */
    subscribe(listener) {
      // The same function may be given twice, and is then to be called until both have stopped.
      const call = () => listener();
      listeners.add(call);
      return () => void listeners.delete(call);
    },
    /** @param {() => void} [before] is done first */
    soon(before) {
      if (isDue) return;
      isDue = true;
      queueMicrotask(() => {
        isDue = false;
        before?.();
        for (const call of [...listeners]) call();
      });
    },
  };
}
