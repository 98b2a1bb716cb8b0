// Something that takes several steps, and that the user may call off in between.

/** What was asked for is not wanted any more. Nobody has to be told: whoever called it off knows. */
export class CalledOff extends Error {}

export class Attempt {
  #isCalledOff = false;

  callOff() {
    this.#isCalledOff = true;
  }

  /** What `promise` comes to; throws `CalledOff` where nobody waits for it any more, whether it failed or not. */
  async step(promise) {
    try {
      return await promise;
    } finally {
      this.check();
    }
  }

  check() {
    if (this.#isCalledOff) {
      throw new CalledOff();
    }
  }
}
