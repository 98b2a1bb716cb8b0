import assert from "node:assert/strict";
import { test } from "node:test";

import { People } from "../../../runtime/speaker_tracker/web/model/people.js";
import { Recognition } from "../../../runtime/speaker_tracker/web/model/recognition.js";
import { Timeline } from "../../../runtime/speaker_tracker/web/model/timeline.js";
import { OFFER, print, remembered } from "../support/prints.js";

const [ANNA, BEN, CLEO] = [print(0.5, 0.25), print(-0.5, 0.25), print(0.25, -0.5)];
const [KNOWN_ANNA, KNOWN_BEN] = [remembered(1, "Anna", ANNA), remembered(2, "Ben", BEN)];

/** Begins another session; returns what it was told. */
function introduce(recognition, known, offer) {
  const told = recognition.introduce(known, offer);
  recognition.meet();
  return told;
}

/** A conversation whose first session has begun, and was told of these voices. */
function conversation(known = [], offer = OFFER) {
  const [people, timeline] = [new People(), new Timeline()];
  const recognition = new Recognition({ people, timeline });
  const told = introduce(recognition, known, offer);
  timeline.beginPart(0);
  return { people, timeline, recognition, told };
}

/** A message in which these speakers, by id, have these names. */
const segments = (names) => ({
  event: "timeline",
  audioMs: 1000,
  segments: Object.entries(names).map(([id, name]) => ({ startMs: 0, endMs: 1000, speakerId: Number(id), ...(name && { name }) })),
});
const prints = (byId) => ({
  event: "voiceprints",
  speakers: Object.entries(byId).map(([id, voiceprint]) => ({ id: Number(id), voiceprint })),
});
const NAMES = ({ people, timeline }) => timeline.voices.map(({ key }) => people.label(people.numberOf(key)));

test("remembered voices are told by their names, and whoever is recognized has theirs", () => {
  const made = conversation([KNOWN_ANNA, KNOWN_BEN]);
  assert.deepEqual(made.told, [
    { name: "Ben", voiceprint: BEN },
    { name: "Anna", voiceprint: ANNA },
  ]);
  made.recognition.take(0, { event: "speaker", currentSpeakerId: 0, currentName: "Ben" });
  made.recognition.take(0, segments({ 0: "Ben", 1: "" }));
  assert.deepEqual(NAMES(made), ["Ben", "Speaker 2"]);
});

test("a name may be corrected, and taken away", () => {
  const made = conversation([KNOWN_ANNA, KNOWN_BEN]);
  made.recognition.take(0, segments({ 0: "Ben" }));
  made.recognition.take(0, segments({ 0: "Anna" }));
  assert.deepEqual(NAMES(made), ["Anna"]);
  made.recognition.take(0, { event: "speaker", currentSpeakerId: 0 });
  assert.deepEqual(NAMES(made), ["Speaker 1"]);
});

test("of too many voices the newest are told", () => {
  const voices = Array.from({ length: 4 }, (_, index) => remembered(index, `Person ${index}`, ANNA));
  assert.deepEqual(conversation(voices, { ...OFFER, maxVoices: 3 }).told.map(({ name }) => name), ["Person 3", "Person 2", "Person 1"]);
});

test("voices of another model are not told", () => {
  assert.deepEqual(conversation([remembered(1, "Anna", print(0.5, 0.5, { model: "campplus" }))]).told, []);
});

test("a name that the server does not take is replaced on the way and comes back as it is", () => {
  const made = conversation([remembered(1, "Anna-Maria", ANNA), remembered(2, "An\u0007na", BEN)], { ...OFFER, maxNameLength: 5 });
  const [first, second] = made.told.map(({ name }) => name);
  assert.ok(first.length === 1 && second.length === 1 && first !== second);
  made.recognition.take(0, segments({ 0: second }));
  assert.deepEqual(NAMES(made), ["Anna-Maria"]);
});

test("after a break people are who they were, without a name that is shown", () => {
  const made = conversation();
  made.recognition.take(0, segments({ 0: "", 1: "" }));
  made.recognition.take(0, prints({ 0: ANNA, 1: BEN }));
  assert.ok(!made.recognition.isAcrossBreaks);

  const told = introduce(made.recognition, [], OFFER);
  assert.ok(made.recognition.isAcrossBreaks);
  assert.deepEqual(told.map(({ voiceprint }) => voiceprint), [ANNA, BEN]);
  made.timeline.beginPart(5000);
  made.recognition.take(1, segments({ 0: told[1].name, 1: "", 2: told[0].name }));
  assert.deepEqual(NAMES(made), ["Speaker 1", "Speaker 2", "Speaker 2", "Speaker 3", "Speaker 1"]);
});

test("who is recognized after a break and remembered brings both, under one name", () => {
  const made = conversation([KNOWN_ANNA, KNOWN_BEN]);
  made.recognition.take(0, segments({ 0: "", 1: "Anna" }));
  made.recognition.take(0, prints({ 0: CLEO, 1: BEN }));
  const told = introduce(made.recognition, [KNOWN_ANNA, KNOWN_BEN], OFFER);
  assert.deepEqual(told.slice(1), [
    { name: "Anna", voiceprint: BEN },
    { name: "Ben", voiceprint: BEN },
    { name: "Anna", voiceprint: ANNA },
  ]);
  assert.deepEqual(told[0].voiceprint, CLEO);
  assert.ok(!["Anna", "Ben"].includes(told[0].name));

  made.timeline.beginPart(5000);
  made.recognition.take(1, segments({ 0: "Anna", 1: told[0].name, 2: "Ben" }));
  assert.deepEqual(NAMES(made), ["Speaker 1", "Anna", "Anna", "Speaker 1", "Ben"]);
});

test("who is introduced to a session that is not opened is known to the present one as before", () => {
  const made = conversation([KNOWN_ANNA, KNOWN_BEN]);
  made.recognition.introduce([KNOWN_BEN], OFFER);
  made.recognition.take(0, segments({ 0: "Anna" }));
  assert.deepEqual(NAMES(made), ["Anna"]);
});

test("whom the user has called by another name is not taken for the one that the server had told", () => {
  const made = conversation([KNOWN_ANNA]);
  made.recognition.take(0, segments({ 0: "Anna" }));
  made.recognition.take(0, prints({ 0: CLEO }));
  made.people.numberOf("0:0");
  made.people.rename(1, "Cleo");
  const told = introduce(made.recognition, [KNOWN_ANNA], OFFER);
  assert.deepEqual(told.map(({ voiceprint }) => voiceprint), [CLEO, ANNA]);
  assert.notEqual(told[0].name, "Anna");
  assert.equal(told[1].name, "Anna");
});

test("of two people with the same name only one is whom it was remembered of", () => {
  const made = conversation([KNOWN_ANNA]);
  made.recognition.take(0, segments({ 0: "", 1: "" }));
  made.recognition.take(0, prints({ 0: BEN, 1: CLEO }));
  ["0:0", "0:1"].forEach((key) => made.people.rename(made.people.numberOf(key), "Anna"));
  const told = introduce(made.recognition, [KNOWN_ANNA], OFFER);
  assert.deepEqual(told.map(({ name }) => name === "Anna"), [true, false, true]);
});

test("what the user has put together stays together after the next break, with the prints of both", () => {
  const made = conversation();
  made.recognition.take(0, segments({ 0: "", 1: "" }));
  made.recognition.take(0, prints({ 0: ANNA, 1: { ...BEN, seconds: 30 } }));
  ["0:0", "0:1"].forEach((key) => made.people.numberOf(key));
  made.people.assign("0:1", 1);
  const told = introduce(made.recognition, [], OFFER);
  assert.deepEqual(told.map(({ voiceprint }) => voiceprint), [{ ...BEN, seconds: 30 }, ANNA]);
  assert.equal(told[0].name, told[1].name);
});

test("prints of another model than the next server's stay out of it", () => {
  const made = conversation();
  made.recognition.take(0, segments({ 0: "" }));
  made.recognition.take(0, prints({ 0: ANNA }));
  assert.deepEqual(introduce(made.recognition, [], { ...OFFER, version: 2 }), []);
  assert.ok(!made.recognition.isAcrossBreaks);
});

test("a server that recognizes no voices is told nothing, and names of its sessions are nobody's", () => {
  const made = conversation([KNOWN_ANNA]);
  made.recognition.take(0, segments({ 0: "Anna" }));
  made.recognition.take(0, prints({ 0: ANNA }));
  introduce(made.recognition, [KNOWN_ANNA], OFFER);
  assert.equal(introduce(made.recognition, [KNOWN_ANNA], null), null);
  assert.ok(!made.recognition.isAcrossBreaks);
  made.timeline.beginPart(5000);
  made.recognition.take(1, segments({ 0: "" }));
  assert.deepEqual(NAMES(made), ["Anna", "Speaker 2"]);
});

test("the report's voiceprints are kept apart from it, and its names are people's own", () => {
  const made = conversation();
  made.recognition.take(0, segments({ 0: "" }));
  made.recognition.take(0, prints({ 0: BEN }));
  const [{ name: alias }] = introduce(made.recognition, [KNOWN_ANNA], OFFER);
  made.timeline.beginPart(5000);
  const report = {
    event: "report",
    speakers: [
      { id: 0, totalTimeMs: 3000, name: alias, voiceprint: CLEO },
      { id: 1, totalTimeMs: 1000, name: "Anna", voiceprint: ANNA },
    ],
    segments: [
      { startMs: 0, endMs: 3000, speakerId: 0, name: alias },
      { startMs: 3000, endMs: 4000, speakerId: 1, name: "Anna" },
    ],
  };
  assert.deepEqual(made.recognition.takeReport(1, report), {
    event: "report",
    speakers: [
      { id: 0, totalTimeMs: 3000 },
      { id: 1, totalTimeMs: 1000, name: "Anna" },
    ],
    segments: [
      { startMs: 0, endMs: 3000, speakerId: 0 },
      { startMs: 3000, endMs: 4000, speakerId: 1, name: "Anna" },
    ],
  });
  assert.deepEqual(NAMES(made), ["Speaker 1", "Speaker 1", "Anna"]);
  assert.deepEqual(made.recognition.printsOf(["0:0", "1:0"]), [BEN, CLEO]);
});
