// The report as JSON: who spoke when, by name, and what the server reported, as it was received.

/**
 * @import { NamedSegment, Speaker } from "../model/summary.js"
 * @import { Part } from "../model/timeline.js"
 */

/**
 * A conversation as a whole.
 *
 * @typedef {object} Outline
 * @property {string} source name of the file, or `microphone`
 * @property {string} startedAt ISO 8601
 * @property {number} durationMs
 * @property {number} numSpeakers
 * @property {boolean} complete whether every report has come
 */

/**
 * @param {Outline} outline
 * @param {Speaker[]} speakers
 * @param {NamedSegment[]} segments
 * @param {Part[]} parts
 */
export function reportJson(outline, speakers, segments, parts) {
  return JSON.stringify(
    {
      ...outline,
      speakers: speakers.map(({ number, label, totalMs, share }) => ({
        number,
        name: label,
        totalTimeMs: totalMs,
        share: Number(share.toFixed(4)),
      })),
      segments: segments.map(({ startMs, endMs, number, label }) => ({ startMs, endMs, number, name: label })),
      sessions: parts.map(({ offsetMs, report }) => ({ offsetMs, report })),
    },
    null,
    2,
  );
}
