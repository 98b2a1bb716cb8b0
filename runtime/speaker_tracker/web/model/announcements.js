// Which of those who speak are worth telling a screen reader: whoever has spoken for a moment, and not too often.

/** Time that somebody has to speak before being announced, and to be silent before the others are announced alone. */
const HOLD_MS = 1200;
/** Shortest time between announcements. */
const REST_MS = 4000;

export class Announcements {
  /** @type {number[]} */
  #told = [];
  /**
   * The names by which they were announced.
   *
   * @type {Map<number, string>}
   */
  #toldAs = new Map();
  #toldAt = -Infinity;
  /**
   * Since when those who speak have done so.
   *
   * @type {Map<number, number>}
   */
  #since = new Map();
  /** @type {Map<number, number>} */
  #lastHeard = new Map();

  /**
   * Takes in who speaks, again and again; returns whom to announce now, nobody where there is nothing new. Whoever goes on under
   * another name is new. A short overlap is not told, and does not delay the announcement of whoever goes on.
   *
   * @param {number[]} numbers in ascending order
   * @param {number} now in milliseconds
   * @param {(number: number) => string} nameOf
   */
  due(numbers, now, nameOf) {
    this.#since = new Map(numbers.map((number) => [number, this.#since.get(number) ?? now]));
    numbers.forEach((number) => this.#lastHeard.set(number, now));
    const steady = numbers.filter((number) => now - (this.#since.get(number) ?? now) >= HOLD_MS);
    const missing = this.#told.filter((number) => !steady.includes(number));
    const isSomebodyNew = steady.some((number) => !this.#told.includes(number) || this.#toldAs.get(number) !== nameOf(number));
    const haveSomeLeft = missing.length > 0 && missing.every((number) => now - (this.#lastHeard.get(number) ?? now) >= HOLD_MS);
    return (isSomebodyNew || haveSomeLeft) && now - this.#toldAt >= REST_MS ? steady : [];
  }

  /**
   * Remembers that these were announced.
   *
   * @param {number[]} numbers
   * @param {number} now in milliseconds
   * @param {(number: number) => string} nameOf
   */
  told(numbers, now, nameOf) {
    this.#told = numbers;
    this.#toldAs = new Map(numbers.map((number) => [number, nameOf(number)]));
    this.#toldAt = now;
  }
}
