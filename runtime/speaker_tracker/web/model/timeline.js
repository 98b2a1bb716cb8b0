// Who speaks when, as the server has said it: in one part for each session, one behind the other on a common clock.

import { Intervals } from "./intervals.js";

/** Shorter changes are the finish of a bound, not a correction that anybody would want to see. */
export const MIN_CORRECTION_MS = 200;

/**
 * A voice is what one session has given an id: `{part, id, key}`. Nothing says that an id of another session is the same voice.
 * A correction is `{startMs, endMs, was, is}`, with the keys of the voices before and after.
 */
export class Timeline {
  #parts = [];
  #voices = new Map();

  /** Begins a session at `offsetMs`; what earlier ones said of later times is void. Returns the part's index. */
  beginPart(offsetMs) {
    for (const part of this.#parts) {
      part.said.remove(offsetMs, Infinity);
      part.heardMs = Math.min(part.heardMs, offsetMs);
    }
    for (const { stretches } of this.#voices.values()) {
      stretches.remove(offsetMs, Infinity);
    }
    return this.#parts.push({ offsetMs, heardMs: offsetMs, said: new Intervals(), report: null }) - 1;
  }

  /** Takes the segments of a `timeline` message in; returns what they correct. */
  take(index, { audioMs, segments }) {
    const part = this.#parts[index];
    part.heardMs = Math.max(part.heardMs, part.offsetMs + audioMs);
    const corrections = [];
    for (const run of runs(segments)) {
      corrections.push(...this.#rewrite(index, part.offsetMs + run.startMs, part.offsetMs + run.endMs, run.segments));
    }
    return corrections;
  }

  /** Takes the report in, which says everything about its part; returns what it corrects. */
  takeReport(index, report) {
    const part = this.#parts[index];
    part.report = report;
    const segments = report.segments ?? [];
    const end = segments.reduce((last, { endMs }) => Math.max(last, part.offsetMs + endMs), Math.max(part.heardMs, part.said.endMs));
    part.heardMs = end;
    return this.#rewrite(index, part.offsetMs, end, segments);
  }

  get parts() {
    return this.#parts.map(({ offsetMs, heardMs, report }) => ({ offsetMs, heardMs, report }));
  }

  /** All voices, in the order of their first appearance. */
  get voices() {
    return [...this.#voices.values()].map(({ voice }) => voice);
  }

  /** The voice of this id; it appears with this where it is new. */
  voice(part, id) {
    const key = `${part}:${id}`;
    if (!this.#voices.has(key)) {
      this.#voices.set(key, { voice: { part, id, key }, stretches: new Intervals() });
    }
    return this.#voices.get(key).voice;
  }

  /** When a voice speaks. */
  stretches(key, start = 0, end = Infinity) {
    return this.#voices.get(key).stretches.within(start, end);
  }

  totalMs(key) {
    return this.#voices.get(key).stretches.totalMs;
  }

  /** How much audio the server has worked on. */
  get heardMs() {
    return this.#parts.at(-1)?.heardMs ?? 0;
  }

  /** Up to where something has been said. */
  get saidMs() {
    return this.#parts.at(-1)?.said.endMs ?? 0;
  }

  /** Stretches between parts of which nothing was heard. */
  get gaps() {
    const ends = this.#parts.map((part) => part.heardMs);
    return this.#parts
      .slice(1)
      .map((part, index) => [ends[index], part.offsetMs])
      .filter(([start, end]) => end > start);
  }

  #rewrite(index, start, end, segments) {
    const part = this.#parts[index];
    const segmentsByVoice = this.#byVoice(index, start, end, segments);
    const keys = this.voices.filter((voice) => voice.part === index).map((voice) => voice.key);
    const known = part.said.within(start, end);
    const before = new Map(keys.map((key) => [key, this.stretches(key, start, end)]));
    for (const key of keys) {
      const { stretches } = this.#voices.get(key);
      stretches.remove(start, end);
      for (const [since, until] of segmentsByVoice.get(key)) {
        stretches.add(since, until);
      }
    }
    part.said.add(start, end);
    const after = new Map(keys.map((key) => [key, this.stretches(key, start, end)]));
    return differences(known, before, after);
  }

  #byVoice(index, start, end, segments) {
    const { offsetMs } = this.#parts[index];
    const byVoice = new Map([...this.#voices.keys()].map((key) => [key, []]));
    for (const { startMs, endMs, speakerId } of segments) {
      const [since, until] = [Math.max(startMs + offsetMs, start), Math.min(endMs + offsetMs, end)];
      if (speakerId !== null && until > since) {
        const { key } = this.voice(index, speakerId);
        if (!byVoice.has(key)) {
          byVoice.set(key, []);
        }
        byVoice.get(key).push([since, until]);
      }
    }
    return byVoice;
  }
}

/** The stretches that segments speak of, nobody's included, `{startMs, endMs, segments}`. */
function runs(segments) {
  const found = [];
  for (const segment of segments.toSorted((a, b) => a.startMs - b.startMs)) {
    const last = found.at(-1);
    if (last !== undefined && segment.startMs <= last.endMs) {
      last.endMs = Math.max(last.endMs, segment.endMs);
      last.segments.push(segment);
    } else {
      found.push({ startMs: segment.startMs, endMs: segment.endMs, segments: [segment] });
    }
  }
  return found;
}

/** What changed within the stretches `known`; `before` and `after`: stretches by voice. */
function differences(known, before, after) {
  if (known.length === 0) {
    return [];
  }
  const bounds = [known, ...before.values(), ...after.values()].flat(2);
  const sorted = [...new Set(bounds)].sort((a, b) => a - b);
  const [isKnown, speakingBefore, speakingAfter] = [new Map([["", known]]), before, after].map(speakers);
  const corrections = [];
  for (let index = 0; index + 1 < sorted.length; index++) {
    const [startMs, endMs] = [sorted[index], sorted[index + 1]];
    const [was, is] = [speakingBefore(startMs), speakingAfter(startMs)];
    const last = corrections.at(-1);
    if (isKnown(startMs).length === 0 || was.join() === is.join()) {
      continue;
    }
    if (last?.endMs === startMs && last.was.join() === was.join() && last.is.join() === is.join()) {
      last.endMs = endMs;
    } else {
      corrections.push({ startMs, endMs, was, is });
    }
  }
  return corrections.filter((correction) => correction.endMs - correction.startMs >= MIN_CORRECTION_MS);
}

/** A function that tells who speaks at a time; the times that it is asked for must ascend. */
function speakers(stretchesByVoice) {
  const cursors = new Map([...stretchesByVoice.keys()].map((key) => [key, 0]));
  const speaks = (key, ms) => {
    const stretches = stretchesByVoice.get(key);
    let cursor = cursors.get(key);
    while (cursor < stretches.length && stretches[cursor][1] <= ms) {
      cursor++;
    }
    cursors.set(key, cursor);
    return cursor < stretches.length && stretches[cursor][0] <= ms;
  };
  return (ms) => [...stretchesByVoice.keys()].filter((key) => speaks(key, ms));
}
