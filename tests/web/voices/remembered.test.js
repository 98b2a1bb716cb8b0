import assert from "node:assert/strict";
import { test } from "node:test";

import { changesToAdd, MAX_PER_NAME, namesOf, newestFirst, usableWith } from "../../../runtime/speaker_tracker/web/voices/remembered.js";
import { OFFER, print, remembered } from "../support/prints.js";

const ANNA = Array.from({ length: 7 }, (_, index) => print(0.5, (index + 1) / 16));
const of = (name, voiceprint, added = "2026-11-28") => ({ name, voiceprint, added });

test("a voice that is new is added, one that is there already is not", () => {
  const kept = [remembered(1, "Anna", ANNA[0])];
  const added = [of("Anna", ANNA[0]), of("Anna", ANNA[1]), of("Anna", ANNA[1]), of("Ben", ANNA[0])];
  assert.deepEqual(changesToAdd(kept, added), { add: [of("Anna", ANNA[1]), of("Ben", ANNA[0])], remove: [] });
});

test("where there are too many of a person the oldest goes, and of the same day the one that was added first", () => {
  const kept = ANNA.slice(0, MAX_PER_NAME).map((voiceprint, index) => remembered(index + 1, "Anna", voiceprint));
  kept[3].added = "2025-01-01";
  const others = remembered(9, "Ben", ANNA[0], "2020-01-01");
  assert.deepEqual(changesToAdd([...kept, others], [of("Anna", ANNA[5])]), { add: [of("Anna", ANNA[5])], remove: [4] });
  assert.deepEqual(changesToAdd(kept, [of("Anna", ANNA[5]), of("Anna", ANNA[6])]).remove.sort(), [1, 4]);
});

test("a voice that is older than all that there is room for is not added", () => {
  const kept = ANNA.slice(0, MAX_PER_NAME).map((voiceprint, index) => remembered(index + 1, "Anna", voiceprint));
  assert.deepEqual(changesToAdd(kept, [of("Anna", ANNA[5], "2026-01-01")]), { add: [], remove: [] });
});

test("of a file with many of one person the newest are added", () => {
  const added = ANNA.map((voiceprint, index) => of("Anna", voiceprint, `2026-11-0${index + 1}`));
  const days = changesToAdd([], added.toReversed()).add.map((voice) => voice.added);
  assert.deepEqual(days.sort(), added.slice(2).map((voice) => voice.added));
});

test("a server is told voices of its own model, the newest first", () => {
  const voices = [
    remembered(1, "Anna", ANNA[0], "2026-11-27"),
    remembered(2, "Ben", print(0.5, 0.5, { version: 2 })),
    remembered(3, "Cleo", ANNA[1]),
    remembered(4, "Dora", ANNA[2]),
  ];
  assert.deepEqual(newestFirst(voices).map(({ id }) => id), [4, 3, 2, 1]);
  assert.deepEqual(usableWith(voices, OFFER).map(({ id }) => id), [4, 3, 1]);
});

test("everybody is counted once", () => {
  assert.deepEqual(namesOf([of("Ben", ANNA[0]), of("Anna", ANNA[1]), of("Ben", ANNA[2])]), ["Anna", "Ben"]);
});
