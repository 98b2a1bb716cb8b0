import assert from "node:assert/strict";
import { test } from "node:test";

import { Conversation } from "../../runtime/speaker_tracker/web/conversation.js";

/** A conversation of 13 seconds so far. */
function conversation() {
  const source = { kind: "microphone", positionMs: () => 13_000 };
  const made = new Conversation({ base: "http://test/", source, numSpeakers: 2, token: "" });
  made.timeline.beginPart(0);
  return made;
}

test("a silence is not shown as if the server were behind", () => {
  const made = conversation();
  const { timeline } = made;
  timeline.update(0, { audioMs: 4000, segments: [{ startMs: 1000, endMs: 3200, speakerId: 0 }] });
  assert.equal(made.scene([]).labelledMs, 3200);
  timeline.update(0, { audioMs: 12_500, segments: [] });
  assert.equal(made.scene([]).labelledMs, 10_500);
});

test("voices of a later session are people of their own until somebody knows better", () => {
  const made = conversation();
  made.timeline.update(0, { audioMs: 2000, segments: [{ startMs: 0, endMs: 1000, speakerId: 0 }] });
  made.timeline.beginPart(2000);
  made.timeline.update(1, { audioMs: 2000, segments: [{ startMs: 0, endMs: 500, speakerId: 0 }] });

  assert.deepEqual(made.lateVoices, [{ key: "1:0", number: 2, own: 2, isFoundAgain: false }]);
  made.people.assign("1:0", 1);
  assert.deepEqual(made.lateVoices, [{ key: "1:0", number: 1, own: 2, isFoundAgain: false }]);
  assert.deepEqual(made.speakers.map(({ number, totalMs }) => [number, totalMs]), [[1, 1500]]);
  assert.deepEqual(made.breaks, [2000]);
  assert.deepEqual(made.scene(made.speakers).lanes[0].intervals(0, 13_000), [[0, 1000], [2000, 2500]]);
});

test("who speaks now is listed before there is any time", () => {
  const made = conversation();
  made.tracking.speaking = made.timeline.voice(0, 1).key;
  assert.deepEqual([made.speakingNumber, made.speakers.length], [1, 1]);
  made.tracking.speaking = null;
  assert.deepEqual([made.speakingNumber, made.speakers.length], [null, 0]);
});

test("who speaks at the same time as the most prominent one by the newest labels speaks now", () => {
  const made = conversation();
  const segments = [
    { startMs: 1000, endMs: 3000, speakerId: 0 },
    { startMs: 2600, endMs: 3000, speakerId: 1 },
  ];
  made.timeline.update(0, { audioMs: 3600, segments });
  assert.deepEqual([made.speakingWith(1), made.speakingWith(2)], [[1, 2], [1, 2]]);
  assert.deepEqual(made.scene(made.speakers).lanes.map(({ intervals }) => intervals(0, 5000)), [[[1000, 3000]], [[2600, 3000]]]);

  made.timeline.update(0, { audioMs: 4100, segments: [{ startMs: 3000, endMs: 3500, speakerId: 1 }] });
  assert.deepEqual(made.speakingWith(2), [2]);
});

test("one person's two voices are one lane, without a time twice", () => {
  const made = conversation();
  const segments = [
    { startMs: 0, endMs: 1000, speakerId: 0 },
    { startMs: 500, endMs: 1500, speakerId: 1 },
  ];
  made.timeline.update(0, { audioMs: 2000, segments });
  assert.equal(made.speakers.length, 2);
  made.people.assign("0:1", 1);
  assert.deepEqual(made.scene(made.speakers).lanes.map(({ intervals }) => intervals(0, 5000)), [[[0, 1500]]]);
  assert.deepEqual([made.speakingWith(1), made.togetherMs], [[1], 0]);
});

test("corrections are told by people's numbers", () => {
  const made = conversation();
  const [a, b] = [0, 1].map((id) => made.timeline.voice(0, id).key);
  made.people.numberOf(a);
  const correction = { startMs: 0, endMs: 500, was: [a], is: [b, a] };
  assert.deepEqual(made.named([correction]), [{ startMs: 0, endMs: 500, was: [1], is: [1, 2] }]);
});

test("another voice of the same person is no correction", () => {
  const made = conversation();
  const [a, b] = [0, 1].map((id) => made.timeline.voice(0, id).key);
  made.people.numberOf(a);
  made.people.assign(b, 1);
  assert.deepEqual(made.named([{ startMs: 0, endMs: 500, was: [a], is: [a, b] }]), []);
});
