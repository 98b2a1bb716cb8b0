import assert from "node:assert/strict";
import { test } from "node:test";

import { LevelWatch, meterShare } from "../../../runtime/speaker_tracker/web/audio/level.js";

test("the meter goes from -60 dB to full scale", () => {
  assert.deepEqual([0, 0.0001, 0.001, 1].map(meterShare), [0, 0, 0, 1]);
  assert.ok(Math.abs(meterShare(10 ** (-30 / 20)) - 0.5) < 1e-9);
});

test("a level counts for two seconds", () => {
  const watch = new LevelWatch();
  const told = [0.001, 0.1, 1, ...Array(20).fill(0.1), ...Array(20).fill(0.001)].map((peak) => watch.take(peak));
  assert.deepEqual(told.slice(0, 3), ["quiet", "good", "loud"]);
  assert.deepEqual([told[21], told[22], told.at(-1)], ["loud", "good", "quiet"]);
});

test("a microphone without any signal for five seconds is dead, and alive with the first sound", () => {
  const watch = new LevelWatch();
  const told = Array.from({ length: 50 }, () => watch.take(0));
  assert.deepEqual([told.at(-2), told.at(-1)], ["quiet", "dead"]);
  assert.equal(watch.take(0.1), "good");
});
