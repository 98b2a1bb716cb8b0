// Who the voices are: numbers from 1 in order of appearance, names that the user gives, and which voices are the same person.

/** Longest name in characters; more does not fit where names are shown. */
export const MAX_NAME = 40;

/** Voices go by their keys (`Voice` in timeline.js), people by their numbers. */
export class People {
  /** @type {string[]} */
  #names = [];
  /** @type {Map<string, number>} */
  #numberOf = new Map();
  /** @type {Map<string, number>} */
  #ownNumberOf = new Map();

  /**
   * The number of the person whose voice this is; the next number where the voice is new.
   *
   * @param {string} voice
   */
  numberOf(voice) {
    let number = this.#numberOf.get(voice);
    if (number === undefined) {
      number = this.#names.push("");
      this.#numberOf.set(voice, number);
      this.#ownNumberOf.set(voice, number);
    }
    return number;
  }

  /**
   * The number that the voice has as a person of its own.
   *
   * @param {string} voice
   */
  ownNumberOf(voice) {
    this.numberOf(voice);
    return /** @type {number} */ (this.#ownNumberOf.get(voice));
  }

  /**
   * Gives the voice to a person.
   *
   * @param {string} voice
   * @param {number | null} number null: a person of its own again
   */
  assign(voice, number) {
    this.#numberOf.set(voice, number ?? this.ownNumberOf(voice));
  }

  /**
   * @param {number} number
   * @param {string} name empty to take the name away
   */
  rename(number, name) {
    this.#names[number - 1] = name.trim().replaceAll(/\s+/g, " ").slice(0, MAX_NAME);
  }

  /**
   * The name given, or else `Speaker 1`.
   *
   * @param {number} number
   */
  label(number) {
    return this.nameOf(number) || `Speaker ${number}`;
  }

  /**
   * The names of several people in a row: `Anna, Ben and Speaker 3`.
   *
   * @param {number[]} numbers
   */
  labels(numbers) {
    const labels = numbers.map((number) => this.label(number));
    const last = labels.slice(-2).join(" and ");
    return [...labels.slice(0, -2), last].join(", ");
  }

  /**
   * The name given, empty where there is none.
   *
   * @param {number} number
   */
  nameOf(number) {
    return this.#names[number - 1];
  }

  /** Everybody who has a voice, by number. */
  everybody() {
    /** @type {Map<number, string[]>} */
    const voicesOf = new Map();
    for (const [voice, number] of this.#numberOf) {
      voicesOf.set(number, [...(voicesOf.get(number) ?? []), voice]);
    }
    return [...voicesOf].map(([number, voices]) => ({ number, voices })).sort((a, b) => a.number - b.number);
  }
}
