// One conversation with everything that is known of it, from its start to its report.

import { People } from "./model/people.js";
import { Recognition } from "./model/recognition.js";
import { speakingNow } from "./model/speaking-now.js";
import { segmentsOf, summarise, togetherMs } from "./model/summary.js";
import { Timeline } from "./model/timeline.js";
import { Tracking } from "./model/tracking.js";

/**
 * @import { Correction } from "./model/corrections.js"
 * @import { Speaker } from "./model/summary.js"
 * @import { TrackingOptions } from "./model/tracking.js"
 * @import { Scene } from "./view/timeline-painter.js"
 */

/**
 * A correction with people's numbers in the place of voices.
 *
 * @typedef {Omit<Correction, "was" | "is"> & {was: number[], is: number[]}} NamedCorrection
 */

/**
 * A voice of a session after the first.
 *
 * @typedef {object} LateVoice
 * @property {string} key
 * @property {number} number of the person whose voice it is
 * @property {number | null} own number that it has or had as a person of its own
 * @property {boolean} [isFoundAgain] whether the server has recognized it as a voice of before
 */

/** Audio that the server processed this long ago counts as labelled, also where nobody speaks. */
const SETTLED_MS = 2000;

export class Conversation {
  timeline = new Timeline();
  people = new People();
  recognition = new Recognition({ people: this.people, timeline: this.timeline });
  startedAt = new Date();
  tracking;

  /** @param {TrackingOptions} options */
  constructor(options) {
    this.tracking = new Tracking({ ...options, timeline: this.timeline, recognition: this.recognition });
  }

  get isOver() {
    return this.tracking.isOver;
  }

  /** The number of the person who speaks now, the most prominent one of several, or null. */
  get speakingNumber() {
    const { speaking } = this.tracking;
    return speaking === null ? null : this.people.numberOf(speaking);
  }

  /**
   * Numbers of those who speak now where this person is the most prominent one, in ascending order.
   *
   * @param {number} number
   */
  speakingWith(number) {
    this.#numberVoices();
    return speakingNow(this.timeline, this.people, number);
  }

  /** Length of the audio: while it runs that of the source, in the end that which the server has processed. */
  get durationMs() {
    return this.isOver ? this.timeline.processedMs : Math.max(this.tracking.positionMs, this.timeline.processedMs);
  }

  /** Everybody who has any time or speaks now, by number. */
  get speakers() {
    this.#numberVoices();
    return summarise(this.timeline, this.people).filter((speaker) => speaker.totalMs > 0 || speaker.number === this.speakingNumber);
  }

  /** All segments, in order of time. */
  get segments() {
    this.#numberVoices();
    return segmentsOf(this.timeline, this.people);
  }

  /** For how long two people or more speak at the same time. */
  get togetherMs() {
    this.#numberVoices();
    return togetherMs(this.timeline, this.people);
  }

  /**
   * Voices of sessions after the first.
   *
   * @returns {LateVoice[]}
   */
  get lateVoices() {
    this.#numberVoices();
    return this.timeline.voices
      .filter(({ part }) => part > 0)
      .map(({ key }) => {
        const { people } = this;
        return { key, number: people.numberOf(key), own: people.ownNumberOf(key), isFoundAgain: people.isFoundAgain(key) };
      });
  }

  /** When sessions after the first began. */
  get breaks() {
    return this.timeline.parts.slice(1).map((part) => part.offsetMs);
  }

  /**
   * What a picture of the timeline shows.
   *
   * @param {Speaker[]} speakers
   * @returns {Scene}
   */
  scene(speakers) {
    const { timeline, tracking } = this;
    return {
      lanes: speakers.map(({ number, label, voices }) => ({
        number,
        label,
        intervals: (fromMs, toMs) => timeline.intervalsOfAny(voices, fromMs, toMs),
      })),
      endMs: this.durationMs,
      edgeMs: this.isOver ? null : tracking.positionMs,
      labelledMs: Math.min(Math.max(timeline.labelledMs, timeline.processedMs - SETTLED_MS), tracking.positionMs),
      gaps: timeline.gaps,
      breaks: this.breaks,
    };
  }

  /**
   * Corrections with people's numbers in the place of voices; not those between voices of the same people.
   *
   * @param {Correction[]} corrections
   * @returns {NamedCorrection[]}
   */
  named(corrections) {
    /** @param {string[]} voices */
    const numbers = (voices) => [...new Set(voices.map((voice) => this.people.numberOf(voice)))].sort((a, b) => a - b);
    return corrections
      .map((correction) => ({ ...correction, was: numbers(correction.was), is: numbers(correction.is) }))
      .filter(({ was, is }) => was.join() !== is.join());
  }

  /** Gives numbers in the order of first appearance, before any other question does. */
  #numberVoices() {
    for (const { key } of this.timeline.voices) {
      this.people.numberOf(key);
    }
  }
}
