import assert from "node:assert/strict";
import { test } from "node:test";

import { Announcements } from "../../../runtime/speaker_tracker/web/model/announcements.js";

const nameOf = (number) => `Speaker ${number}`;

/** What is announced of stretches of so many milliseconds in which these speak, looked at ten times a second. */
function announced(...stretches) {
  const [announcements, told] = [new Announcements(), []];
  let now = 0;
  for (const [ms, ...numbers] of stretches) {
    for (const end = now + ms; now < end; now += 100) {
      const due = announcements.due(numbers, now, nameOf);
      if (due.length > 0) {
        announcements.told(due, now, nameOf);
        told.push(due);
      }
    }
  }
  return told;
}

test("whoever has spoken for a moment is announced once", () => {
  assert.deepEqual(announced([1000, 1], [5000], [1000, 1]), []);
  assert.deepEqual(announced([5000, 1], [1000], [5000, 1]), [[1]]);
  assert.deepEqual(announced([5000, 1], [5000, 2], [5000, 1]), [[1], [2], [1]]);
});

test("announcements are some seconds apart", () => {
  assert.deepEqual(announced([1500, 1], [1500, 2], [1500, 1], [1500, 2]), [[1], [2]]);
});

test("two who go on speaking at once are announced together", () => {
  assert.deepEqual(announced([6000, 1], [3000, 1, 2], [6000, 2]), [[1], [1, 2], [2]]);
});

test("a short overlap is not announced, and holds up nobody's announcement", () => {
  assert.deepEqual(announced([6000, 1], [1000, 1, 2], [6000, 1], [1000, 1, 3], [6000, 1]), [[1]]);
  assert.deepEqual(announced([600, 1], [500, 1, 2], [400, 1]), [[1]]);
  assert.deepEqual(announced([6000, 1], [1000, 1, 2], [600, 2]), [[1], [2]]);
});

test("whoever gets another name while speaking is announced by it", () => {
  const announcements = new Announcements();
  const told = [];
  for (let now = 0; now < 12_000; now += 100) {
    const named = () => (now < 3000 ? "Speaker 1" : "Anna");
    const due = announcements.due([1], now, named);
    if (due.length > 0) {
      announcements.told(due, now, named);
      told.push([now, named()]);
    }
  }
  assert.deepEqual(told, [
    [1200, "Speaker 1"],
    [5200, "Anna"],
  ]);
});

test("who pauses for a moment while both speak has not stopped", () => {
  assert.deepEqual(announced([6000, 1, 2], [1000, 1], [6000, 1, 2]), [[1, 2]]);
  assert.deepEqual(announced([6000, 1, 2], [2000, 1]), [[1, 2], [1]]);
});
