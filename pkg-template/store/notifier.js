/** Who wants to know of changes. All are called once for however many changes of the same moment. */
export class Notifier {
  /** @type {Set<() => void>} */
  #calls = new Set();
  #isDue = false;

  /** @param {() => void} listener */
  subscribe = (listener) => {
    // The same function may be given twice, and is called until both have stopped.
    const call = () => listener();
    this.#calls.add(call);
    return () => void this.#calls.delete(call);
  };

  soon() {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      for (const call of [...this.#calls]) call();
    });
  }
}
