// What is known at a time, by person.

/**
 * `[{number, label, name, totalMs, share, voices}]` of all who have spoken, by number. `share`: of all speech, within [0, 1].
 */
export function summarise(timeline, people) {
  const speakers = people.everybody().map(({ number, voices }) => ({
    number,
    label: people.label(number),
    name: people.nameOf(number),
    voices,
    totalMs: voices.reduce((sum, voice) => sum + timeline.totalMs(voice), 0),
  }));
  const speech = speakers.reduce((sum, speaker) => sum + speaker.totalMs, 0);
  return speakers.map((speaker) => ({ ...speaker, share: speech === 0 ? 0 : speaker.totalMs / speech }));
}

/** `[{startMs, endMs, number, label}]`, in order. */
export function segmentsOf(timeline, people) {
  return timeline.voices
    .flatMap(({ key }) => {
      const number = people.numberOf(key);
      return timeline.stretches(key).map(([startMs, endMs]) => ({ startMs, endMs, number, label: people.label(number) }));
    })
    .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
}
