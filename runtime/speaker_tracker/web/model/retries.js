// When a connection that broke is tried again.

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 15_000;
/** Longest time after a break in which the server is asked again and again. */
export const GIVE_UP_MS = 5 * 60_000;

export class Retries {
  #attempts = 0;
  /** @type {number | null} */
  #brokenSince = null;

  /** There is a connection. */
  reset() {
    this.#attempts = 0;
    this.#brokenSince = null;
  }

  /** Lets the next attempts follow each other as soon as the first ones. */
  hurry() {
    this.#attempts = 0;
  }

  /**
   * When the next attempt is due, after a break or an attempt that failed; null where it is too late for one. The time between
   * attempts doubles.
   *
   * @param {number} now in milliseconds
   */
  next(now) {
    this.#brokenSince ??= now;
    return now - this.#brokenSince > GIVE_UP_MS ? null : now + Math.min(FIRST_RETRY_MS * 2 ** this.#attempts++, LONGEST_RETRY_MS);
  }
}
