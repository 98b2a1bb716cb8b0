// Something that takes several steps, and that the user may call off in between.

/** Thrown where what was asked for is not wanted any more. Nobody has to be told: whoever called it off knows. */
export class CalledOff extends Error {}

export class Attempt {
  #isCalledOff = false;

  callOff() {
    this.#isCalledOff = true;
  }

  /**
   * Waits for a step. Throws `CalledOff` where the attempt was called off meanwhile, whether the step failed or not.
   *
   * @template T
   * @param {Promise<T>} promise
   * @returns {Promise<T>}
   */
  async step(promise) {
    try {
      return await promise;
    } finally {
      this.check();
    }
  }

  /** Throws `CalledOff` where the attempt was called off. */
  check() {
    if (this.#isCalledOff) {
      throw new CalledOff();
    }
  }
}
