// What the server corrects: where somebody else speaks than it had reported before.

/** @import { Interval } from "./intervals.js" */

/**
 * @typedef {object} Correction
 * @property {number} startMs
 * @property {number} endMs
 * @property {string[]} was keys of the voices that spoke before
 * @property {string[]} is keys of the voices that speak now
 */

/** @typedef {Map<string, Interval[]>} IntervalsByVoice */

/** Shorter changes are the refinement of a boundary, not a correction that anybody would want to see. */
export const MIN_CORRECTION_MS = 200;

/**
 * What has changed of what had been reported.
 *
 * @param {Interval[]} labelled times that had been reported
 * @param {IntervalsByVoice} before
 * @param {IntervalsByVoice} after
 * @returns {Correction[]}
 */
export function findCorrections(labelled, before, after) {
  if (labelled.length === 0) {
    return [];
  }
  const bounds = [...new Set([labelled, ...before.values(), ...after.values()].flat(2))].sort((a, b) => a - b);
  const [isLabelled, speakersBefore, speakersAfter] = [new Map([["", labelled]]), before, after].map(speakersAt);
  /** @type {Correction[]} */
  const found = [];
  for (let index = 0; index + 1 < bounds.length; index++) {
    const [startMs, endMs] = [bounds[index], bounds[index + 1]];
    const [was, is] = [speakersBefore(startMs), speakersAfter(startMs)];
    const last = found.at(-1);
    if (isLabelled(startMs).length === 0 || was.join() === is.join()) {
      continue;
    }
    if (last?.endMs === startMs && last.was.join() === was.join() && last.is.join() === is.join()) {
      last.endMs = endMs;
    } else {
      found.push({ startMs, endMs, was, is });
    }
  }
  return found.filter((correction) => correction.endMs - correction.startMs >= MIN_CORRECTION_MS);
}

/**
 * A function that tells who speaks at a time; the times that it is asked for must ascend.
 *
 * @param {IntervalsByVoice} byVoice
 * @returns {(ms: number) => string[]}
 */
function speakersAt(byVoice) {
  const cursors = [...byVoice].map(([key, intervals]) => ({ key, intervals, index: 0 }));
  return (ms) => {
    const speaking = [];
    for (const cursor of cursors) {
      while (cursor.index < cursor.intervals.length && cursor.intervals[cursor.index][1] <= ms) {
        cursor.index++;
      }
      if (cursor.index < cursor.intervals.length && cursor.intervals[cursor.index][0] <= ms) {
        speaking.push(cursor.key);
      }
    }
    return speaking;
  };
}
