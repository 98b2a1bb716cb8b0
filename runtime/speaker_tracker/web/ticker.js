// Ticks that go on in a tab that nobody looks at, where browsers let timers of a page sleep, but not those of a worker.

const TICK_MS = 50;

export class Ticker {
  #worker = new Worker(new URL("ticker-worker.js", import.meta.url));
  #timer = null;

  /** Calls `onTick` about twenty times a second. */
  constructor(onTick) {
    this.#worker.onmessage = onTick;
    // It could not be loaded.
    this.#worker.onerror = () => {
      this.#timer ??= setInterval(onTick, TICK_MS);
    };
  }

  close() {
    this.#worker.onmessage = this.#worker.onerror = null;
    this.#worker.terminate();
    clearInterval(this.#timer);
  }
}
