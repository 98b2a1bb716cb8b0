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
 * @property {string} name empty where none was given
 * @property {string[]} voices keys of their voices
 * @property {number} totalMs
 * @property {number} share of all speech, within [0, 1]
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
    voices,
    totalMs: voices.reduce((sum, voice) => sum + timeline.totalMs(voice), 0),
  }));
  const speechMs = speakers.reduce((sum, speaker) => sum + speaker.totalMs, 0);
  return speakers.map((speaker) => ({ ...speaker, share: speechMs === 0 ? 0 : speaker.totalMs / speechMs }));
}

/**
 * All segments, in order of time.
 *
 * @param {Timeline} timeline
 * @param {People} people
 * @returns {NamedSegment[]}
 */
export function segmentsOf(timeline, people) {
  return timeline.voices
    .flatMap(({ key }) => {
      const number = people.numberOf(key);
      return timeline.intervals(key).map(([startMs, endMs]) => ({ startMs, endMs, number, label: people.label(number) }));
    })
    .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
}
