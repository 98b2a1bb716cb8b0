import assert from "node:assert/strict";
import { test } from "node:test";

import { People } from "../../../runtime/speaker_tracker/web/model/people.js";
import { segmentsOf, summarise, togetherMs } from "../../../runtime/speaker_tracker/web/model/summary.js";
import { Timeline } from "../../../runtime/speaker_tracker/web/model/timeline.js";

/** A conversation of two voices, whose second is heard first. */
function conversation() {
  const [timeline, people] = [new Timeline(), new People()];
  timeline.beginPart(0);
  timeline.update(0, {
    audioMs: 4000,
    segments: [
      { startMs: 0, endMs: 3000, speakerId: 1 },
      { startMs: 2000, endMs: 3000, speakerId: 0 },
    ],
  });
  timeline.voices.forEach(({ key }) => people.numberOf(key));
  return { timeline, people };
}

test("everybody has time and share", () => {
  const { timeline, people } = conversation();
  people.rename(1, "Ann");
  assert.deepEqual(summarise(timeline, people), [
    { number: 1, label: "Ann", name: "Ann", isRecognized: false, voices: ["0:1"], totalMs: 3000, share: 0.75 },
    { number: 2, label: "Speaker 2", name: "", isRecognized: false, voices: ["0:0"], totalMs: 1000, share: 0.25 },
  ]);
});

test("the voices of one person count together, and nobody speaks twice at a time", () => {
  const { timeline, people } = conversation();
  people.assign("0:0", 1);
  assert.deepEqual(summarise(timeline, people).map(({ number, totalMs, share }) => [number, totalMs, share]), [[1, 3000, 1]]);
  assert.deepEqual(segmentsOf(timeline, people), [{ startMs: 0, endMs: 3000, number: 1, label: "Speaker 1" }]);
});

test("the time in which people speak at once counts for each of them, and is told", () => {
  const { timeline, people } = conversation();
  assert.equal(togetherMs(timeline, people), 1000);
  timeline.update(0, { audioMs: 5000, segments: [0, 1, 2].map((speakerId) => ({ startMs: 3000, endMs: 3500, speakerId })) });
  people.numberOf("0:2");
  assert.equal(togetherMs(timeline, people), 1500);
  assert.deepEqual(summarise(timeline, people).map(({ totalMs }) => totalMs), [3500, 1500, 500]);
  people.assign("0:0", 1);
  assert.equal(togetherMs(timeline, people), 500);
});

test("where nobody has spoken there are no shares", () => {
  const people = new People();
  const timeline = new Timeline();
  timeline.beginPart(0);
  people.numberOf(timeline.voice(0, 0).key);
  assert.deepEqual(summarise(timeline, people).map(({ share }) => share), [0]);
});

test("segments are in order of time, by name", () => {
  const { timeline, people } = conversation();
  people.rename(2, "Tom");
  assert.deepEqual(segmentsOf(timeline, people), [
    { startMs: 0, endMs: 3000, number: 1, label: "Speaker 1" },
    { startMs: 2000, endMs: 3000, number: 2, label: "Tom" },
  ]);
});
