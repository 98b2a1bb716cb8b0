// The report as JSON: who spoke when, by name, and what the server reported, as it was received.

/** `conversation`: `{source, startedAt, durationMs, numSpeakers, complete}`. */
export function reportJson(conversation, speakers, segments, parts) {
  return JSON.stringify(
    {
      ...conversation,
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
