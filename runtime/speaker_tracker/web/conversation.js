// One conversation with everything that is known of it, from its start to its report.

import { People } from "./model/people.js";
import { segmentsOf, summarise } from "./model/summary.js";
import { Timeline } from "./model/timeline.js";
import { Tracking } from "./model/tracking.js";

/** What the server has worked on this long ago it has labelled, or found that nobody spoke. */
const SETTLED_MS = 2000;

export class Conversation {
  timeline = new Timeline();
  people = new People();
  startedAt = new Date();
  tracking;

  constructor({ source, numSpeakers, token }) {
    this.tracking = new Tracking({ source, numSpeakers, token, timeline: this.timeline });
  }

  get isOver() {
    return this.tracking.isOver;
  }

  /** The number of the person who speaks now, or null. */
  get speakingNumber() {
    const { speaking } = this.tracking;
    return speaking === null ? null : this.people.numberOf(speaking);
  }

  /** How long it is: audio as taken in, in the end as worked on. */
  get durationMs() {
    return this.isOver ? this.timeline.heardMs : Math.max(this.tracking.positionMs, this.timeline.heardMs);
  }

  /** Everybody with any time, as of `summarise`. */
  get speakers() {
    this.#meetEverybody();
    return summarise(this.timeline, this.people).filter((speaker) => speaker.totalMs > 0 || speaker.number === this.speakingNumber);
  }

  get segments() {
    this.#meetEverybody();
    return segmentsOf(this.timeline, this.people);
  }

  /** Voices of sessions behind the first: `{key, number, own}`, where `own` is the number that each would have by itself. */
  get lateVoices() {
    this.#meetEverybody();
    return this.timeline.voices
      .filter(({ part }) => part > 0)
      .map(({ key }) => ({ key, number: this.people.numberOf(key), own: this.people.ownNumberOf(key) }));
  }

  /** When sessions behind the first began. */
  get breaks() {
    return this.timeline.parts.slice(1).map((part) => part.offsetMs);
  }

  /** What a picture of the timeline shows. */
  scene(speakers) {
    const { timeline, tracking } = this;
    return {
      lanes: speakers.map(({ number, label, voices }) => ({
        number,
        label,
        stretches: (from, to) => voices.flatMap((voice) => timeline.stretches(voice, from, to)),
      })),
      endMs: this.durationMs,
      edgeMs: this.isOver ? null : tracking.positionMs,
      saidMs: Math.min(Math.max(timeline.saidMs, timeline.heardMs - SETTLED_MS), tracking.positionMs),
      gaps: timeline.gaps,
      breaks: this.breaks,
    };
  }

  /** Corrections with people's numbers in the place of voices. */
  named(corrections) {
    const numbers = (voices) => voices.map((voice) => this.people.numberOf(voice));
    return corrections.map((correction) => ({ ...correction, was: numbers(correction.was), is: numbers(correction.is) }));
  }

  /** Numbers go by first appearance, whoever asks first. */
  #meetEverybody() {
    for (const { key } of this.timeline.voices) {
      this.people.numberOf(key);
    }
  }
}
