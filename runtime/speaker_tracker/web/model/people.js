// Who the voices are: numbers from 1 in order of appearance, names that the user gives, and which voices are the same person.

/** Longest name in characters; more does not fit where names are shown. */
export const MAX_NAME = 40;

/**
 * Whom the server recognizes in a voice.
 *
 * @typedef {object} Recognized
 * @property {string} name under which the voice is remembered, empty where it is not
 * @property {string | null} voice an earlier voice of the same person, null where there is none
 */

/** Voices go by their keys (`Voice` in timeline.js), people by their numbers. What the user says holds before all else. */
export class People {
  /**
   * Names that the user has given, by number; empty where the user has taken a name away that the server had told, undefined where
   * the user has said nothing.
   *
   * @type {(string | undefined)[]}
   */
  #given = [];
  /** All voices, in the order in which they were first asked for. */
  #voices = /** @type {Set<string>} */ (new Set());
  /** @type {Map<string, number>} */
  #ownNumberOf = new Map();
  /**
   * To whom the user has given voices.
   *
   * @type {Map<string, number>}
   */
  #assigned = new Map();
  /** @type {Map<string, Recognized>} */
  #recognized = new Map();

  /**
   * The number of the person whose voice this is; the next number where the voice is new.
   *
   * @param {string} voice
   * @returns {number}
   */
  numberOf(voice) {
    this.#voices.add(voice);
    const earlier = this.#recognized.get(voice)?.voice ?? null;
    return this.#assigned.get(voice) ?? (earlier === null ? this.#numberAlone(voice) : this.numberOf(earlier));
  }

  /**
   * The number that the voice has or had as a person of its own, null where it never was one.
   *
   * @param {string} voice
   */
  ownNumberOf(voice) {
    return this.#ownNumberOf.get(voice) ?? null;
  }

  /**
   * Gives the voice to a person.
   *
   * @param {string} voice
   * @param {number | null} number null: a person of its own again
   */
  assign(voice, number) {
    this.#assigned.set(voice, number ?? this.#numberAlone(voice));
  }

  /**
   * Takes in whom the server recognizes in a voice, which may be nobody any more.
   *
   * @param {string} voice
   * @param {Recognized} recognized
   */
  recognize(voice, recognized) {
    this.#recognized.set(voice, recognized);
    this.#takeNumbersBack();
  }

  /**
   * Whether the user has left it to the server whose voice this is, and it is somebody's whom it had heard before.
   *
   * @param {string} voice
   */
  isFoundAgain(voice) {
    return !this.#assigned.has(voice) && (this.#recognized.get(voice)?.voice ?? null) !== null;
  }

  /**
   * @param {number} number
   * @param {string} name empty to take the name away: first the one that the user has given, then the one that the server tells
   */
  rename(number, name) {
    const given = name.trim().replaceAll(/\s+/g, " ").slice(0, MAX_NAME);
    const isTakenAway = given === "" && this.#given[number - 1] === undefined && this.#recognizedName(number) !== "";
    this.#given[number - 1] = given === "" && !isTakenAway ? undefined : given;
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
   * The name that the user has given, or else the one under which the voice is remembered; empty where there is none.
   *
   * @param {number} number
   */
  nameOf(number) {
    return this.#given[number - 1] ?? this.#recognizedName(number);
  }

  /**
   * Whether the name is one that the server has told.
   *
   * @param {number} number
   */
  isRecognized(number) {
    return this.#given[number - 1] === undefined && this.#recognizedName(number) !== "";
  }

  /** Everybody who has a voice, by number. */
  everybody() {
    /** @type {Map<number, string[]>} */
    const voicesOf = new Map();
    for (const voice of this.#voices) {
      const number = this.numberOf(voice);
      voicesOf.set(number, [...(voicesOf.get(number) ?? []), voice]);
    }
    return [...voicesOf].map(([number, voices]) => ({ number, voices })).sort((a, b) => a.number - b.number);
  }

  /** @param {number} number */
  #recognizedName(number) {
    for (const [voice, { name }] of this.#recognized) {
      if (name !== "" && this.#voices.has(voice) && this.numberOf(voice) === number) {
        return name;
      }
    }
    return "";
  }

  /**
   * The number of a voice as a person of its own.
   *
   * @param {string} voice
   */
  #numberAlone(voice) {
    let number = this.#ownNumberOf.get(voice);
    if (number === undefined) {
      number = this.#given.push(undefined);
      this.#ownNumberOf.set(voice, number);
    }
    return number;
  }

  /** Gives the last numbers up whose voices turned out to be somebody else's, so that whoever comes next follows without a gap. */
  #takeNumbersBack() {
    const isFree = (/** @type {string} */ voice) => {
      const number = this.#given.length;
      const isUsed = [...this.#assigned.values()].includes(number) || this.#given[number - 1] !== undefined;
      return this.#ownNumberOf.get(voice) === number && this.isFoundAgain(voice) && !isUsed;
    };
    let freed;
    while ((freed = [...this.#ownNumberOf.keys()].find(isFree)) !== undefined) {
      this.#ownNumberOf.delete(freed);
      this.#given.pop();
    }
  }
}
