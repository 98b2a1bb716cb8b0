// Sets of stretches of time in milliseconds, half open, kept as they are longest: sorted, apart from each other.

export class Intervals {
  #list = [];
  #totalMs = 0;

  get totalMs() {
    return this.#totalMs;
  }

  get endMs() {
    return this.#list.at(-1)?.[1] ?? 0;
  }

  get size() {
    return this.#list.length;
  }

  add(start, end) {
    if (end > start) {
      const [first, last] = this.#touching(start, end);
      const touched = this.#list.slice(first, last);
      const joined = [Math.min(start, touched[0]?.[0] ?? start), Math.max(end, touched.at(-1)?.[1] ?? end)];
      this.#replace(first, last, [joined]);
    }
  }

  remove(start, end) {
    if (end > start) {
      const [first, last] = this.#touching(start, end);
      const rest = this.#list.slice(first, last).flatMap(([since, until]) => [
        [since, Math.min(until, start)],
        [Math.max(since, end), until],
      ]);
      this.#replace(
        first,
        last,
        rest.filter(([since, until]) => until > since),
      );
    }
  }

  /** The stretches within `[start, end)`, cut off at its bounds. */
  within(start = 0, end = Infinity) {
    const [first, last] = this.#touching(start, end);
    const cut = this.#list.slice(first, last).map(([since, until]) => [Math.max(since, start), Math.min(until, end)]);
    return cut.filter(([since, until]) => until > since);
  }

  has(ms) {
    return this.within(ms, ms + 1).length > 0;
  }

  /** Indices of the first stretch that ends at or behind `start`, and of the first that begins behind `end`. */
  #touching(start, end) {
    return [this.#search((stretch) => stretch[1] >= start), this.#search((stretch) => stretch[0] > end)];
  }

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

  #replace(first, last, stretches) {
    for (const [start, end] of this.#list.splice(first, last - first, ...stretches)) {
      this.#totalMs -= end - start;
    }
    for (const [start, end] of stretches) {
      this.#totalMs += end - start;
    }
  }
}
