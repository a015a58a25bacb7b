// Nights as MJD, dates and day_obs.

import assert from "node:assert/strict";
import { test } from "node:test";

import { mjdOf, nightNumber, nightText, nightTicks } from "../../workbench/ui/views/canvas/nights.js";

test("a night is the same in every form", () => {
  assert.equal(nightText(57776), "2017-01-23");
  assert.equal(nightNumber(57776), 20170123);
  assert.equal(mjdOf(20170123), 57776);
  for (let mjd = 57750; mjd < 58200; mjd += 7) assert.equal(mjdOf(nightNumber(mjd)), mjd);
});

test("ticks are whole nights within the range", () => {
  for (const [low, high, wanted] of [[57776.2, 57778.9, 10], [57000, 58000, 6]]) {
    const ticks = nightTicks(low, high, wanted);
    assert.ok(ticks.length >= 1 && ticks.length <= 2 * wanted + 1);
    assert.ok(ticks.every((night) => Number.isInteger(night) && night >= low && night <= high));
  }
});
