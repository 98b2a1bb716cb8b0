// Keeps a telephone from falling asleep while it listens, where browser and battery allow it.

export class WakeLock {
  #lock = null;
  #wanted = false;

  constructor() {
    document.addEventListener("visibilitychange", () => this.#request());
  }

  set wanted(wanted) {
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

  /** One at a time, and none that comes when it is not wanted any more. */
  #keep(lock) {
    this.#lock?.release();
    this.#lock = lock;
    if (!this.#wanted && lock !== null) {
      this.#keep(null);
    }
  }
}
