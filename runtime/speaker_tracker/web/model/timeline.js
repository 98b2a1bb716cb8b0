// Who speaks when, as the server reports it: a part for each session, one after the other on a common clock.

import { findCorrections } from "./corrections.js";
import { Intervals, unionOf } from "./intervals.js";

/**
 * @import { ReportMessage, SegmentMessage, TimelineMessage } from "../net/messages.js"
 * @import { Correction } from "./corrections.js"
 * @import { Interval } from "./intervals.js"
 */

/**
 * What one session has given an id; nothing says that the same id of another session is the same voice.
 *
 * @typedef {object} Voice
 * @property {number} part index of the session
 * @property {number} id the speaker's id in that session
 * @property {string} key of part and id
 */

/**
 * What one session reported.
 *
 * @typedef {object} Part
 * @property {number} offsetMs where it begins on the common clock
 * @property {number} processedMs up to where the server has processed its audio
 * @property {Pick<ReportMessage, "segments" | "others"> | null} report null until it comes; without voiceprints
 */

/** @typedef {{startMs: number, endMs: number, segments: SegmentMessage[]}} Span segments that overlap or touch */

export class Timeline {
  /** @type {(Part & {labelled: Intervals})[]} */
  #parts = [];
  /** @type {Map<string, {voice: Voice, intervals: Intervals}>} */
  #voices = new Map();
  /**
   * Times within parts that no session has heard.
   *
   * @type {Interval[]}
   */
  #missing = [];

  /**
   * Begins a session; what earlier ones said of later times is void.
   *
   * @param {number} offsetMs
   * @returns {number} the part's index
   */
  beginPart(offsetMs) {
    for (const part of this.#parts) {
      part.labelled.remove(offsetMs, Infinity);
      part.processedMs = Math.min(part.processedMs, offsetMs);
    }
    for (const { intervals } of this.#voices.values()) {
      intervals.remove(offsetMs, Infinity);
    }
    return this.#parts.push({ offsetMs, processedMs: offsetMs, labelled: new Intervals(), report: null }) - 1;
  }

  /**
   * Takes in that the last session goes on without what came before a time.
   *
   * @param {number} endMs on the common clock; nothing is missing where the server has processed that
   */
  miss(endMs) {
    if (endMs > this.processedMs) {
      this.#missing.push([this.processedMs, endMs]);
    }
  }

  /**
   * Takes in the segments of a `timeline` message.
   *
   * @param {number} index of the part
   * @param {Pick<TimelineMessage, "audioMs" | "segments">} message
   * @returns {Correction[]} what it corrects
   */
  update(index, { audioMs, segments }) {
    const part = this.#parts[index];
    part.processedMs = Math.max(part.processedMs, part.offsetMs + audioMs);
    return spansOf(segments).flatMap((span) =>
      this.#rewrite(index, part.offsetMs + span.startMs, part.offsetMs + span.endMs, span.segments),
    );
  }

  /**
   * Takes in the report, which holds for the whole part.
   *
   * @param {number} index of the part
   * @param {Pick<ReportMessage, "segments" | "others">} report
   * @returns {Correction[]} what it corrects
   */
  finishPart(index, report) {
    const part = this.#parts[index];
    const segments = report.segments ?? [];
    const known = Math.max(part.processedMs, part.labelled.endMs);
    const end = segments.reduce((last, { endMs }) => Math.max(last, part.offsetMs + endMs), known);
    part.report = report;
    part.processedMs = end;
    return this.#rewrite(index, part.offsetMs, end, segments);
  }

  /** @returns {Part[]} */
  get parts() {
    return this.#parts.map(({ offsetMs, processedMs, report }) => ({ offsetMs, processedMs, report }));
  }

  /** Voices beyond those tracked, by the reports; sessions may have heard the same ones, so at least as many as in any of them. */
  get others() {
    const told = this.#parts.map((part) => part.report?.others ?? { totalTimeMs: 0, voices: 0 });
    return {
      voices: Math.max(0, ...told.map((each) => each.voices)),
      totalMs: told.reduce((sum, each) => sum + each.totalTimeMs, 0),
    };
  }

  /** All voices, in the order of their first appearance. */
  get voices() {
    return [...this.#voices.values()].map(({ voice }) => voice);
  }

  /**
   * The voice of this id; it appears with this where it is new.
   *
   * @param {number} part
   * @param {number} id
   */
  voice(part, id) {
    const key = `${part}:${id}`;
    let entry = this.#voices.get(key);
    if (entry === undefined) {
      entry = { voice: { part, id, key }, intervals: new Intervals() };
      this.#voices.set(key, entry);
    }
    return entry.voice;
  }

  /**
   * When a voice speaks.
   *
   * @param {string} key
   * @param {number} [startMs]
   * @param {number} [endMs]
   */
  intervals(key, startMs = 0, endMs = Infinity) {
    return this.#intervalsOf(key).within(startMs, endMs);
  }

  /**
   * When any of these voices speaks; voices of one session may speak at once.
   *
   * @param {string[]} keys
   * @param {number} [startMs]
   * @param {number} [endMs]
   */
  intervalsOfAny(keys, startMs = 0, endMs = Infinity) {
    return keys.length === 1 ? this.intervals(keys[0], startMs, endMs) : this.#union(keys, startMs, endMs).within();
  }

  /** @param {string} key */
  totalMs(key) {
    return this.#intervalsOf(key).totalMs;
  }

  /**
   * For how long any of these voices speaks: what two of them say at once counts once.
   *
   * @param {string[]} keys
   */
  totalMsOfAny(keys) {
    return keys.length === 1 ? this.totalMs(keys[0]) : this.#union(keys).totalMs;
  }

  /** Up to where the server has processed the audio. */
  get processedMs() {
    return this.#parts.at(-1)?.processedMs ?? 0;
  }

  /** Up to where the server has reported labels. */
  get labelledMs() {
    return this.#parts.at(-1)?.labelled.endMs ?? 0;
  }

  /** Intervals that no session has heard: between parts, and within them. */
  get gaps() {
    const ends = this.#parts.map((part) => part.processedMs);
    /** @type {Interval[]} */
    const between = this.#parts.slice(1).map((part, index) => [ends[index], part.offsetMs]);
    return [...between.filter(([start, end]) => end > start), ...this.#missing];
  }

  /**
   * @param {string[]} keys
   * @param {number} [startMs]
   * @param {number} [endMs]
   */
  #union(keys, startMs, endMs) {
    return unionOf(keys.map((key) => this.intervals(key, startMs, endMs)));
  }

  /** @param {string} key */
  #intervalsOf(key) {
    const entry = this.#voices.get(key);
    if (entry === undefined) {
      throw new RangeError(`no voice ${key}`);
    }
    return entry.intervals;
  }

  /**
   * Replaces what was known of a time.
   *
   * @param {number} index of the part
   * @param {number} start
   * @param {number} end
   * @param {SegmentMessage[]} segments
   * @returns {Correction[]}
   */
  #rewrite(index, start, end, segments) {
    const part = this.#parts[index];
    const byVoice = this.#byVoice(index, start, end, segments);
    const keys = this.voices.filter((voice) => voice.part === index).map((voice) => voice.key);
    const labelled = part.labelled.within(start, end);
    const before = new Map(keys.map((key) => [key, this.intervals(key, start, end)]));
    for (const key of keys) {
      const intervals = this.#intervalsOf(key);
      intervals.remove(start, end);
      for (const [since, until] of byVoice.get(key) ?? []) {
        intervals.add(since, until);
      }
    }
    part.labelled.add(start, end);
    const after = new Map(keys.map((key) => [key, this.intervals(key, start, end)]));
    return findCorrections(labelled, before, after);
  }

  /**
   * Segments within a time on the common clock, by voice; voices that are new appear with this.
   *
   * @param {number} index of the part
   * @param {number} start
   * @param {number} end
   * @param {SegmentMessage[]} segments
   */
  #byVoice(index, start, end, segments) {
    const { offsetMs } = this.#parts[index];
    /** @type {Map<string, Interval[]>} */
    const byVoice = new Map();
    for (const { startMs, endMs, speakerId } of segments) {
      const [since, until] = [Math.max(startMs + offsetMs, start), Math.min(endMs + offsetMs, end)];
      if (speakerId !== null && until > since) {
        const { key } = this.voice(index, speakerId);
        const intervals = byVoice.get(key) ?? [];
        intervals.push([since, until]);
        byVoice.set(key, intervals);
      }
    }
    return byVoice;
  }
}

/**
 * The times that segments cover, those of nobody included.
 *
 * @param {SegmentMessage[]} segments
 */
function spansOf(segments) {
  /** @type {Span[]} */
  const spans = [];
  for (const segment of segments.toSorted((a, b) => a.startMs - b.startMs)) {
    const last = spans.at(-1);
    if (last !== undefined && segment.startMs <= last.endMs) {
      last.endMs = Math.max(last.endMs, segment.endMs);
      last.segments.push(segment);
    } else {
      spans.push({ startMs: segment.startMs, endMs: segment.endMs, segments: [segment] });
    }
  }
  return spans;
}
