// Reports as text for other programs.

/** @import { NamedSegment } from "../model/summary.js" */

/**
 * RTTM (NIST Rich Transcription): a SPEAKER line for each segment.
 *
 * @param {string} uri name of the recording
 * @param {NamedSegment[]} segments
 */
export function rttm(uri, segments) {
  const nameOf = uniqueNames(segments);
  return segments
    .map(({ startMs, endMs, number }) => {
      const [start, duration] = [startMs / 1000, (endMs - startMs) / 1000];
      return `SPEAKER ${oneWord(uri)} 1 ${start.toFixed(3)} ${duration.toFixed(3)} <NA> <NA> ${nameOf.get(number)} <NA> <NA>\n`;
    })
    .join("");
}

/**
 * CSV (RFC 4180): a line for each segment, times in seconds.
 *
 * @param {NamedSegment[]} segments
 */
export function csv(segments) {
  const rows = segments.map(({ startMs, endMs, number, label }) => [
    (startMs / 1000).toFixed(3),
    (endMs / 1000).toFixed(3),
    ((endMs - startMs) / 1000).toFixed(3),
    number,
    quoted(label),
  ]);
  return [["start", "end", "duration", "speaker", "name"], ...rows].map((row) => `${row.join(",")}\r\n`).join("");
}

/**
 * Names by number: fields of RTTM have no white space, and two people must not become one by the same name.
 *
 * @param {NamedSegment[]} segments
 */
function uniqueNames(segments) {
  /** @type {Map<number, string>} */
  const names = new Map();
  for (const { number, label } of segments) {
    const name = oneWord(label);
    if (!names.has(number)) {
      names.set(number, [...names.values()].includes(name) ? `${name}_${number}` : name);
    }
  }
  return names;
}

/** @param {string} text */
function oneWord(text) {
  return text.trim().replaceAll(/\s+/g, "_") || "_";
}

/**
 * A field of CSV; a name that a spreadsheet would take for a formula is written as text.
 *
 * @param {string} text
 */
function quoted(text) {
  const safe = /^[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
