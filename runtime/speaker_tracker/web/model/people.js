// Who the voices are: numbers from 1 in order of appearance, names that the user gives, and which voices are the same person.

/** Longer names do not fit where they are shown. */
export const MAX_NAME = 40;

export class People {
  #people = new Map();
  #numberOf = new Map();
  #ownNumberOf = new Map();

  /** The number of the person whose voice this is; somebody new where it has not been heard before. */
  numberOf(voice) {
    if (!this.#numberOf.has(voice)) {
      const number = this.#people.size + 1;
      this.#people.set(number, { number, name: "" });
      this.#numberOf.set(voice, number);
      this.#ownNumberOf.set(voice, number);
    }
    return this.#numberOf.get(voice);
  }

  /** The number that the voice would have as somebody of its own. */
  ownNumberOf(voice) {
    return this.#ownNumberOf.get(voice);
  }

  /** Says that this voice is that person's; with null that it is somebody of their own. */
  assign(voice, number) {
    this.#numberOf.set(voice, number ?? this.#ownNumberOf.get(voice));
  }

  rename(number, name) {
    this.#people.get(number).name = name.trim().replaceAll(/\s+/g, " ").slice(0, MAX_NAME);
  }

  /** The name given, or else `Speaker 1`. */
  label(number) {
    return this.nameOf(number) || `Speaker ${number}`;
  }

  /** The name given, empty where there is none. */
  nameOf(number) {
    return this.#people.get(number).name;
  }

  /** Everybody who has a voice, `{number, voices}`, by number. */
  everybody() {
    const voices = new Map();
    for (const [voice, number] of this.#numberOf) {
      voices.set(number, [...(voices.get(number) ?? []), voice]);
    }
    return [...voices].map(([number, theirs]) => ({ number, voices: theirs })).sort((a, b) => a.number - b.number);
  }
}
