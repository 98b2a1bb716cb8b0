import assert from "node:assert/strict";
import { test } from "node:test";

import { csv, rttm } from "../../../runtime/speaker_tracker/web/export/tables.js";

const SEGMENTS = [
  { startMs: 0, endMs: 1234, number: 1, label: 'Ann "A", Lee' },
  { startMs: 1234, endMs: 2000, number: 2, label: "=1+1" },
  { startMs: 2000, endMs: 3000, number: 3, label: "=1+1" },
];

test("CSV keeps names apart from its syntax, and formulas from spreadsheets", () => {
  assert.equal(
    csv(SEGMENTS),
    [
      "start,end,duration,speaker,name\r\n",
      '0.000,1.234,1.234,1,"Ann ""A"", Lee"\r\n',
      "1.234,2.000,0.766,2,'=1+1\r\n",
      "2.000,3.000,1.000,3,'=1+1\r\n",
    ].join(""),
  );
});

test("names of RTTM are one word each, and differ by person", () => {
  assert.equal(
    rttm("my talk", SEGMENTS),
    [
      'SPEAKER my_talk 1 0.000 1.234 <NA> <NA> Ann_"A",_Lee <NA> <NA>\n',
      "SPEAKER my_talk 1 1.234 0.766 <NA> <NA> =1+1 <NA> <NA>\n",
      "SPEAKER my_talk 1 2.000 1.000 <NA> <NA> =1+1_3 <NA> <NA>\n",
    ].join(""),
  );
});

test("without segments there are no lines but the head", () => {
  assert.deepEqual([csv([]), rttm("talk", [])], ["start,end,duration,speaker,name\r\n", ""]);
});

test("segments of people who speak at once have a line each", () => {
  const both = [
    { startMs: 0, endMs: 3000, number: 1, label: "Anna" },
    { startMs: 1000, endMs: 2000, number: 2, label: "Ben" },
  ];
  assert.equal(csv(both), "start,end,duration,speaker,name\r\n0.000,3.000,3.000,1,Anna\r\n1.000,2.000,1.000,2,Ben\r\n");
  assert.equal(
    rttm("talk", both),
    "SPEAKER talk 1 0.000 3.000 <NA> <NA> Anna <NA> <NA>\nSPEAKER talk 1 1.000 1.000 <NA> <NA> Ben <NA> <NA>\n",
  );
});
