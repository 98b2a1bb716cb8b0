// What is known of a conversation at a time, by person.

/**
 * @import { People } from "./people.js"
 * @import { Timeline } from "./timeline.js"
 */

/**
 * A person and their speaking time.
 *
 * @typedef {object} Speaker
 * @property {number} number from 1 in order of appearance
 * @property {string} label the name, or `Speaker 1`
 * @property {string} name empty where none was given and the voice is not recognized
 * @property {boolean} isRecognized whether the name is one that the server has told
 * @property {string[]} voices keys of their voices
 * @property {number} totalMs also while somebody else speaks at the same time
 * @property {number} share of the time of all speakers together, within [0, 1]
 */

/**
 * A segment of the timeline by the person's name.
 *
 * @typedef {object} NamedSegment
 * @property {number} startMs
 * @property {number} endMs
 * @property {number} number
 * @property {string} label
 */

/**
 * Everybody who has a voice, by number.
 *
 * @param {Timeline} timeline
 * @param {People} people
 * @returns {Speaker[]}
 */
export function summarise(timeline, people) {
  const speakers = people.everybody().map(({ number, voices }) => ({
    number,
    label: people.label(number),
    name: people.nameOf(number),
    isRecognized: people.isRecognized(number),
    voices,
    totalMs: timeline.totalMsOfAny(voices),
  }));
  const speechMs = speakers.reduce((sum, speaker) => sum + speaker.totalMs, 0);
  return speakers.map((speaker) => ({ ...speaker, share: speechMs === 0 ? 0 : speaker.totalMs / speechMs }));
}

/**
 * For how long two people or more speak at the same time.
 *
 * @param {Timeline} timeline
 * @param {People} people
 */
export function togetherMs(timeline, people) {
  const bounds = segmentsOf(timeline, people).flatMap(({ startMs, endMs }) => [
    { ms: startMs, change: 1 },
    { ms: endMs, change: -1 },
  ]);
  let [speaking, since, together] = [0, 0, 0];
  for (const { ms, change } of bounds.sort((a, b) => a.ms - b.ms)) {
    together += speaking > 1 ? ms - since : 0;
    speaking += change;
    since = ms;
  }
  return together;
}

/**
 * All segments, in order of time. Those of one person do not overlap, those of different people may.
 *
 * @param {Timeline} timeline
 * @param {People} people
 * @returns {NamedSegment[]}
 */
export function segmentsOf(timeline, people) {
  return people
    .everybody()
    .flatMap(({ number, voices }) =>
      timeline.intervalsOfAny(voices).map(([startMs, endMs]) => ({ startMs, endMs, number, label: people.label(number) })),
    )
    .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
}
