import assert from "node:assert/strict";
import { test } from "node:test";

import { Intervals, unionOf } from "../../../runtime/speaker_tracker/web/model/intervals.js";

function intervals(...list) {
  const made = new Intervals();
  list.forEach(([start, end]) => made.add(start, end));
  return made;
}

test("intervals that overlap or touch are joined, in whatever order they come", () => {
  assert.deepEqual(intervals([50, 60], [0, 10], [10, 20], [15, 30]).within(), [[0, 30], [50, 60]]);
  assert.deepEqual(intervals([0, 10], [20, 30], [5, 25]).within(), [[0, 30]]);
});

test("an empty interval adds nothing and removes nothing", () => {
  const some = intervals([0, 10], [20, 20], [30, 25]);
  some.remove(5, 5);
  assert.deepEqual(some.within(), [[0, 10]]);
});

test("what is removed is cut out", () => {
  const some = intervals([0, 100], [200, 300]);
  some.remove(20, 30);
  some.remove(90, 210);
  some.remove(250, Infinity);
  assert.deepEqual(some.within(), [[0, 20], [30, 90], [210, 250]]);
});

test("a part is cut off at its bounds", () => {
  const some = intervals([0, 100], [200, 300]);
  assert.deepEqual(some.within(50, 250), [[50, 100], [200, 250]]);
  assert.deepEqual(some.within(100, 200), []);
});

test("the total and the end follow all changes", () => {
  const some = intervals([0, 100], [50, 150], [200, 300]);
  some.remove(250, 400);
  assert.deepEqual([some.totalMs, some.endMs], [200, 250]);
  assert.deepEqual([new Intervals().totalMs, new Intervals().endMs], [0, 0]);
});

test("the union of several lists has every time once", () => {
  const union = unionOf([[[0, 100], [300, 400]], [], [[50, 200], [400, 500], [600, 700]]]);
  assert.deepEqual([union.within(), union.totalMs], [[[0, 200], [300, 500], [600, 700]], 500]);
});
