// Ticks that go on in a tab that nobody looks at, where browsers let timers of a page sleep, but not those of a worker.

export class Ticker {
  #worker = new Worker(new URL("ticker-worker.js", import.meta.url));

  /** Calls `onTick` about twenty times a second. */
  constructor(onTick) {
    this.#worker.onmessage = onTick;
  }

  close() {
    this.#worker.terminate();
  }
}
