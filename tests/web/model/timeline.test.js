import assert from "node:assert/strict";
import { test } from "node:test";

import { Timeline } from "../../../runtime/speaker_tracker/web/model/timeline.js";

const segments = (...list) => list.map(([startMs, endMs, speakerId]) => ({ startMs, endMs, speakerId }));

/** A timeline with one session of these segments. */
function timelineOf(audioMs, ...list) {
  const timeline = new Timeline();
  timeline.beginPart(0);
  timeline.update(0, { audioMs, segments: segments(...list) });
  return timeline;
}

const byVoice = (timeline) => Object.fromEntries(timeline.voices.map(({ key }) => [key, timeline.intervals(key)]));

test("later segments replace earlier ones where they cover them, and only there", () => {
  const timeline = timelineOf(3000, [0, 1000, 0], [1000, 2000, null], [2000, 2500, 1]);
  timeline.update(0, { audioMs: 4000, segments: segments([500, 1500, 1], [2500, 3000, 0]) });

  assert.deepEqual(byVoice(timeline), { "0:0": [[0, 500], [2500, 3000]], "0:1": [[500, 1500], [2000, 2500]] });
  assert.deepEqual([timeline.totalMs("0:0"), timeline.totalMs("0:1")], [1000, 1500]);
  assert.deepEqual([timeline.labelledMs, timeline.processedMs], [3000, 4000]);
});

test("what is new is not corrected, and what changes is", () => {
  const timeline = new Timeline();
  timeline.beginPart(0);
  assert.deepEqual(timeline.update(0, { audioMs: 2000, segments: segments([0, 1000, 0], [1000, 1500, null]) }), []);
  assert.deepEqual(timeline.update(0, { audioMs: 3000, segments: segments([600, 1000, 1], [1000, 1500, 1], [1500, 2000, 1]) }), [
    { startMs: 600, endMs: 1000, was: ["0:0"], is: ["0:1"] },
    { startMs: 1000, endMs: 1500, was: [], is: ["0:1"] },
  ]);
});

test("speakers may speak at once", () => {
  assert.deepEqual(byVoice(timelineOf(2000, [0, 1000, 0], [400, 1500, 1])), { "0:0": [[0, 1000]], "0:1": [[400, 1500]] });
});

test("the report holds for all of its session", () => {
  const timeline = timelineOf(2000, [0, 1000, 0], [1000, 2000, 1]);
  const report = { segments: segments([0, 2300, 0]) };

  assert.deepEqual(timeline.finishPart(0, report), [{ startMs: 1000, endMs: 2000, was: ["0:1"], is: ["0:0"] }]);
  assert.deepEqual(byVoice(timeline), { "0:0": [[0, 2300]], "0:1": [] });
  assert.deepEqual(timeline.parts, [{ offsetMs: 0, processedMs: 2300, report }]);
});

test("a second session stands after the first, with voices of its own", () => {
  const timeline = timelineOf(5000, [0, 2000, 0], [2000, 4200, 1]);
  assert.equal(timeline.beginPart(4000), 1);
  assert.deepEqual(timeline.update(1, { audioMs: 1000, segments: segments([0, 800, 0]) }), []);
  timeline.beginPart(9000);

  assert.deepEqual(byVoice(timeline), { "0:0": [[0, 2000]], "0:1": [[2000, 4000]], "1:0": [[4000, 4800]] });
  assert.deepEqual(timeline.gaps, [[5000, 9000]]);
});

test("what a session that goes on has missed is a gap, unless it had been processed before", () => {
  const timeline = timelineOf(5000, [0, 2000, 0], [2000, 4200, 1]);
  timeline.miss(4500);
  assert.deepEqual(timeline.gaps, []);
  timeline.miss(7000);
  timeline.update(0, { audioMs: 9000, segments: segments([7000, 9000, 0]) });
  assert.deepEqual(timeline.gaps, [[5000, 7000]]);
  assert.equal(timeline.parts.length, 1);
});

test("without sessions nothing is known", () => {
  const timeline = new Timeline();
  assert.deepEqual([timeline.voices, timeline.parts, timeline.gaps, timeline.labelledMs, timeline.processedMs], [[], [], [], 0, 0]);
  assert.throws(() => timeline.intervals("0:0"), RangeError);
});

test("a session of four hours is corrected", () => {
  const all = Array.from({ length: 50_000 }, (_, index) => [300 * index, 300 * index + 200, index % 5]);
  const timeline = timelineOf(15_000_000, ...all);
  const corrections = timeline.finishPart(0, { segments: segments(...all.filter((_, index) => index % 2 === 0)) });
  assert.equal(corrections.length, 25_000);
});

test("voices beyond those tracked may be the same in each session, and their times add up", () => {
  const timeline = timelineOf(3000, [0, 1000, 0]);
  assert.deepEqual(timeline.others, { voices: 0, totalMs: 0 });
  timeline.finishPart(0, { segments: [], others: { totalTimeMs: 2500, voices: 2 } });
  timeline.beginPart(3000);
  timeline.finishPart(1, { segments: [], others: { totalTimeMs: 4000, voices: 1 } });
  assert.deepEqual(timeline.others, { voices: 2, totalMs: 6500 });
});

test("a later message replaces all speakers in what it covers, overlaps included", () => {
  const timeline = timelineOf(3000, [0, 3000, 0], [1000, 2000, 1]);
  assert.deepEqual(timeline.update(0, { audioMs: 3500, segments: segments([500, 2500, 0], [1500, 2000, 2]) }), [
    { startMs: 1000, endMs: 1500, was: ["0:0", "0:1"], is: ["0:0"] },
    { startMs: 1500, endMs: 2000, was: ["0:0", "0:1"], is: ["0:0", "0:2"] },
  ]);
  assert.deepEqual(byVoice(timeline), { "0:0": [[0, 3000]], "0:1": [], "0:2": [[1500, 2000]] });
});

test("what several voices say at once counts once for all of them together", () => {
  const timeline = timelineOf(3000, [0, 1000, 0], [400, 1500, 1], [2000, 2500, 1]);
  assert.deepEqual(timeline.intervalsOfAny(["0:1", "0:0"]), [[0, 1500], [2000, 2500]]);
  assert.deepEqual(timeline.intervalsOfAny(["0:1", "0:0"], 900, 2100), [[900, 1500], [2000, 2100]]);
  assert.deepEqual([timeline.totalMsOfAny(["0:1", "0:0"]), timeline.totalMsOfAny(["0:1"])], [2000, 1600]);
});
