// Ticks that go on in a tab that nobody looks at, where browsers suspend timers of a page, but not those of a worker.

const TICK_MS = 50;

export class Ticker {
  #worker = new Worker(new URL("ticker-worker.js", import.meta.url));
  /** @type {number | null} */
  #timer = null;

  /** @param {() => void} onTick called about twenty times a second */
  constructor(onTick) {
    this.#worker.onmessage = onTick;
    // The worker could not be loaded.
    this.#worker.onerror = () => {
      this.#timer ??= setInterval(onTick, TICK_MS);
    };
  }

  close() {
    this.#worker.onmessage = this.#worker.onerror = null;
    this.#worker.terminate();
    if (this.#timer !== null) {
      clearInterval(this.#timer);
    }
  }
}
