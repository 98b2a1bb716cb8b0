import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { complete, faultOf, isOf, lengthOf, modelInWords } from "../../../runtime/speaker_tracker/web/voices/voiceprint.js";
import { print } from "../support/prints.js";

test("a voiceprint of the server has no fault, with and without a version", () => {
  assert.equal(faultOf(print(0.5, -0.25)), null);
  assert.equal(faultOf({ ...print(0.5, -0.25), version: undefined }), null);
  assert.equal(faultOf({ ...print(0, 0), vector: "AC4AsgAyALA=" }), null); // that of docs/protocol.md
});

test("a voiceprint without a version is of the first", () => {
  const { model, vector, seconds } = print(0.5, 0.25);
  assert.deepEqual(complete({ model, vector, seconds }), { model, version: 1, vector, seconds });
  assert.ok(isOf({ model, vector, seconds }, { model, version: 1 }));
  assert.ok(!isOf({ model, vector, seconds }, { model, version: 2 }));
  assert.ok(!isOf({ model, vector, seconds }, { model: "campplus", version: 1 }));
  assert.equal(lengthOf(print(0.5, 0.25)), 2);
  assert.equal(modelInWords({ model: "campplus", version: 2 }), "campplus, version 2");
});

describe("what is wrong is told", () => {
  const right = print(0.5, 0.25);
  for (const [found, words] of [
    [null, "no voiceprint"],
    ["AC4A", "no voiceprint"],
    [{ ...right, model: "" }, "which voice model"],
    [{ ...right, version: 0 }, "which voice model"],
    [{ ...right, version: "1" }, "which voice model"],
    [{ ...right, seconds: 0 }, "how many seconds"],
    [{ ...right, seconds: Infinity }, "how many seconds"],
    [{ ...right, seconds: "6" }, "how many seconds"],
    [{ ...right, vector: "" }, "not base64"],
    [{ ...right, vector: "AC4A sgA" }, "not base64"],
    [{ ...right, vector: "_C4AsgAyALA=" }, "not base64"],
    [{ ...right, vector: "A".repeat(8196) }, "not base64"],
    [{ ...right, vector: btoa("abc") }, "cut off"],
    [{ ...right, vector: btoa("\x00\x7c\x00\x3c") }, "no numbers"], // infinity
    [{ ...right, vector: btoa("\x00\x3c\x01\xfe") }, "no numbers"], // NaN
    [{ ...right, vector: btoa("\x00\x00\x00\x80") }, "zeros only"], // 0 and -0
  ]) {
    test(JSON.stringify(found), () => assert.match(faultOf(found), new RegExp(words)));
  }
});
