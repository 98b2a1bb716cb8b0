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
      this.#lock?.release();
      this.#lock = null;
    }
  }

  async #request() {
    if (!this.#wanted || document.visibilityState !== "visible") {
      return;
    }
    try {
      this.#lock = await navigator.wakeLock?.request("screen");
    } catch {
      // Refused, such as with a low battery: then the user keeps the screen on.
    }
  }
}
