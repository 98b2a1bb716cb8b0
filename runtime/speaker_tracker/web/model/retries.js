// When a connection that broke is tried again.

const FIRST_RETRY_MS = 1000;
/** Shortest and longest wait for a server that takes the place of one that shut down: its clients do not come all at once. */
const SOON_MS = [100, 500];
const LONGEST_RETRY_MS = 15_000;
/** Longest time after a break in which the server is asked again and again. */
export const GIVE_UP_MS = 5 * 60_000;

export class Retries {
  #attempts = 0;
  /** @type {number | null} */
  #brokenSince = null;

  /**
   * For how long there has been no connection, in milliseconds.
   *
   * @param {number} now
   */
  awayMs(now) {
    return this.#brokenSince === null ? 0 : now - this.#brokenSince;
  }

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
   * When the first attempt is due after a server has said that another one can go on at once.
   *
   * @param {number} now in milliseconds
   */
  soon(now) {
    this.#brokenSince ??= now;
    const [shortest, longest] = SOON_MS;
    return now + shortest + (longest - shortest) * Math.random();
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
