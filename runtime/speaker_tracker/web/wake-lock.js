// Keeps a telephone from falling asleep while it listens, where browser and battery allow it.

export class WakeLock {
  /** @type {WakeLockSentinel | null} */
  #lock = null;
  #wanted = false;

  constructor() {
    document.addEventListener("visibilitychange", () => this.#request());
  }

  /** Whether the screen is to stay on. */
  set wanted(/** @type {boolean} */ wanted) {
    this.#wanted = wanted;
    if (wanted) {
      this.#request();
    } else {
      this.#keep(null);
    }
  }

  async #request() {
    if (!this.#wanted || document.visibilityState !== "visible") {
      return;
    }
    try {
      this.#keep((await navigator.wakeLock?.request("screen")) ?? null);
    } catch {
      // Refused, such as with a low battery: then the user keeps the screen on.
    }
  }

  /**
   * Holds one lock at a time, and none that arrives when it is not wanted any more.
   *
   * @param {WakeLockSentinel | null} lock
   */
  #keep(lock) {
    this.#lock?.release();
    this.#lock = lock;
    if (!this.#wanted && lock !== null) {
      this.#keep(null);
    }
  }
}
