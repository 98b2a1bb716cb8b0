import assert from "node:assert/strict";
import { test } from "node:test";

import { fromInt16, toInt16 } from "../../../runtime/speaker_tracker/web/audio/pcm.js";

test("what was 16 bits before comes out as it was", () => {
  for (let value = -32_768; value <= 32_767; value++) {
    assert.equal(toInt16(Math.fround(fromInt16(value))), value);
  }
});

test("what lies beyond full scale is clipped", () => {
  assert.deepEqual([-1.5, -1, 1, 1.5].map(toInt16), [-32_768, -32_768, 32_767, 32_767]);
});
