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

test("whoever is recognized has a name, unless the user has given another", () => {
  const people = new People();
  people.numberOf("a");
  people.recognize("a", { name: "Anna", voice: null });
  assert.deepEqual([people.label(1), people.isRecognized(1)], ["Anna", true]);
  people.rename(1, "Berta");
  people.recognize("a", { name: "Cleo", voice: null });
  assert.deepEqual([people.label(1), people.isRecognized(1)], ["Berta", false]);
  people.rename(1, "");
  assert.deepEqual([people.label(1), people.isRecognized(1)], ["Cleo", true]);
  people.rename(1, "");
  assert.deepEqual([people.label(1), people.isRecognized(1)], ["Speaker 1", false]);
  people.recognize("a", { name: "Anna", voice: null });
  assert.equal(people.label(1), "Speaker 1", "a name that the user has taken away stays away");
});

test("a name that the user takes away leaves room for one that the server tells later", () => {
  const people = new People();
  people.numberOf("a");
  people.rename(1, "Berta");
  people.rename(1, "");
  people.recognize("a", { name: "Anna", voice: null });
  assert.equal(people.label(1), "Anna");
});

test("a voice that is found again is the earlier one's person, whoever that is", () => {
  const people = new People();
  ["a", "b", "c"].forEach((voice) => people.numberOf(voice));
  people.recognize("c", { name: "", voice: "b" });
  assert.deepEqual([people.numberOf("c"), people.isFoundAgain("c")], [2, true]);
  people.assign("b", 1);
  assert.equal(people.numberOf("c"), 1);
  people.recognize("c", { name: "", voice: null });
  assert.deepEqual([people.numberOf("c"), people.isFoundAgain("c")], [3, false]);
});

test("what the user says of a voice holds, whatever the server finds", () => {
  const people = new People();
  ["a", "b", "c"].forEach((voice) => people.numberOf(voice));
  people.assign("c", 1);
  people.recognize("c", { name: "", voice: "b" });
  assert.deepEqual([people.numberOf("c"), people.ownNumberOf("c"), people.isFoundAgain("c")], [1, 3, false]);
  people.assign("c", null);
  assert.equal(people.numberOf("c"), 3);
});

test("numbers at the end that nobody has any more are given again", () => {
  const people = new People();
  ["a", "b", "c", "d"].forEach((voice) => people.numberOf(voice));
  people.recognize("c", { name: "", voice: "a" });
  assert.equal(people.ownNumberOf("c"), 3);
  people.recognize("d", { name: "", voice: "b" });
  assert.deepEqual([people.ownNumberOf("c"), people.ownNumberOf("d")], [null, null]);
  assert.equal(people.numberOf("e"), 3);
  assert.deepEqual(people.everybody(), [
    { number: 1, voices: ["a", "c"] },
    { number: 2, voices: ["b", "d"] },
    { number: 3, voices: ["e"] },
  ]);
});

test("a number that has a name or somebody's voice is not given again", () => {
  const people = new People();
  ["a", "b", "c"].forEach((voice) => people.numberOf(voice));
  people.assign("b", 3);
  people.recognize("c", { name: "", voice: "a" });
  assert.deepEqual([people.numberOf("b"), people.numberOf("d")], [3, 4]);
  people.rename(4, "Dora");
  people.recognize("d", { name: "", voice: "a" });
  assert.equal(people.numberOf("e"), 5);
});
