import assert from "node:assert/strict";
import { test } from "node:test";

import { MAX_NAME, People } from "../../../runtime/speaker_tracker/web/model/people.js";

test("people are numbered in the order in which they are first asked for", () => {
  const people = new People();
  assert.deepEqual(["a", "b", "a"].map((voice) => people.numberOf(voice)), [1, 2, 1]);
  assert.equal(people.label(2), "Speaker 2");
});

test("a voice can be given to a person and taken back", () => {
  const people = new People();
  ["a", "b", "c"].forEach((voice) => people.numberOf(voice));
  people.assign("c", 1);
  assert.deepEqual(people.everybody(), [{ number: 1, voices: ["a", "c"] }, { number: 2, voices: ["b"] }]);
  assert.deepEqual([people.numberOf("c"), people.ownNumberOf("c")], [1, 3]);
  people.assign("c", null);
  assert.deepEqual(people.everybody().map(({ number }) => number), [1, 2, 3]);
});

test("names lose what does not fit", () => {
  const people = new People();
  people.numberOf("a");
  people.rename(1, "  Ann \n Lee ");
  assert.deepEqual([people.nameOf(1), people.label(1)], ["Ann Lee", "Ann Lee"]);
  people.rename(1, "x".repeat(100));
  assert.equal(people.nameOf(1).length, MAX_NAME);
  people.rename(1, " ");
  assert.deepEqual([people.nameOf(1), people.label(1)], ["", "Speaker 1"]);
});

test("several people are named in a row", () => {
  const people = new People();
  ["a", "b", "c"].forEach((voice) => people.numberOf(voice));
  people.rename(1, "Anna");
  people.rename(2, "Ben");
  assert.deepEqual([people.labels([1, 2, 3]), people.labels([1, 2]), people.labels([2]), people.labels([])], [
    "Anna, Ben and Speaker 3",
    "Anna and Ben",
    "Ben",
    "",
  ]);
});
