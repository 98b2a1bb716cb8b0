// Sets of times in milliseconds, as half-open intervals: sorted, disjoint, and joined where they touch.

/** @typedef {[start: number, end: number]} Interval */

export class Intervals {
  /** @type {Interval[]} */
  #list = [];
  #totalMs = 0;

  /** Length of all intervals together. */
  get totalMs() {
    return this.#totalMs;
  }

  /** End of the last interval, 0 where there is none. */
  get endMs() {
    return this.#list.at(-1)?.[1] ?? 0;
  }

  /**
   * @param {number} start
   * @param {number} end
   */
  add(start, end) {
    if (end > start) {
      const [first, last] = this.#touching(start, end);
      const touched = this.#list.slice(first, last);
      this.#replace(first, last, [[Math.min(start, touched[0]?.[0] ?? start), Math.max(end, touched.at(-1)?.[1] ?? end)]]);
    }
  }

  /**
   * @param {number} start
   * @param {number} end
   */
  remove(start, end) {
    if (end > start) {
      const [first, last] = this.#touching(start, end);
      /** @type {Interval[]} */
      const rest = [];
      for (const [since, until] of this.#list.slice(first, last)) {
        rest.push([since, Math.min(until, start)], [Math.max(since, end), until]);
      }
      this.#replace(first, last, rest.filter(isNotEmpty));
    }
  }

  /**
   * The intervals within `[start, end)`, cut off at its bounds.
   *
   * @param {number} [start]
   * @param {number} [end]
   */
  within(start = 0, end = Infinity) {
    const [first, last] = this.#touching(start, end);
    /** @type {Interval[]} */
    const cut = this.#list.slice(first, last).map(([since, until]) => [Math.max(since, start), Math.min(until, end)]);
    return cut.filter(isNotEmpty);
  }

  /**
   * Indices of the first interval that ends at or after `start`, and of the first that begins after `end`.
   *
   * @param {number} start
   * @param {number} end
   */
  #touching(start, end) {
    return [this.#search((interval) => interval[1] >= start), this.#search((interval) => interval[0] > end)];
  }

  /**
   * Index of the first interval for which `isBehind` holds; it holds for all after that.
   *
   * @param {(interval: Interval) => boolean} isBehind
   */
  #search(isBehind) {
    let [low, high] = [0, this.#list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBehind(this.#list[middle])) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  /**
   * @param {number} first
   * @param {number} last
   * @param {Interval[]} intervals
   */
  #replace(first, last, intervals) {
    for (const [start, end] of this.#list.splice(first, last - first, ...intervals)) {
      this.#totalMs -= end - start;
    }
    for (const [start, end] of intervals) {
      this.#totalMs += end - start;
    }
  }
}

/**
 * All times of several lists.
 *
 * @param {Interval[][]} lists
 */
export function unionOf(lists) {
  const union = new Intervals();
  for (const [start, end] of lists.flat().sort((a, b) => a[0] - b[0])) {
    union.add(start, end);
  }
  return union;
}

/** @param {Interval} interval */
function isNotEmpty([start, end]) {
  return end > start;
}
