import assert from "node:assert/strict";
import { test } from "node:test";

import { findCorrections } from "../../../runtime/speaker_tracker/web/model/corrections.js";

const voices = (intervals) => new Map(Object.entries(intervals));

test("a change is a correction where it had been labelled", () => {
  const found = findCorrections([[0, 500], [800, 2000]], voices({ a: [[0, 2000]] }), voices({ a: [], b: [[0, 2000]] }));
  assert.deepEqual(found, [
    { startMs: 0, endMs: 500, was: ["a"], is: ["b"] },
    { startMs: 800, endMs: 2000, was: ["a"], is: ["b"] },
  ]);
  assert.deepEqual(findCorrections([], voices({ a: [[0, 2000]] }), voices({ a: [] })), []);
});

test("the refinement of a boundary is none", () => {
  assert.deepEqual(findCorrections([[0, 2000]], voices({ a: [[0, 1000]] }), voices({ a: [[0, 1199]] })), []);
  assert.equal(findCorrections([[0, 2000]], voices({ a: [[0, 1000]] }), voices({ a: [[0, 1200]] })).length, 1);
});

test("changes of the same kind side by side are one", () => {
  const found = findCorrections([[0, 300], [300, 600]], voices({ a: [[0, 300], [300, 600]] }), voices({ a: [] }));
  assert.deepEqual(found, [{ startMs: 0, endMs: 600, was: ["a"], is: [] }]);
});
