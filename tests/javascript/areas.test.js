// Colours between two, points in polygons, lassos with fewer corners.

import assert from "node:assert/strict";
import { test } from "node:test";

import { inside, isDrawn, makeRamp, mix, thin } from "../../workbench/ui/views/canvas/areas.js";

const BAY = [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]];

test("inside of a concave polygon, and in its bay", () => {
  assert.ok(inside(BAY, 0.5, 2));
  assert.ok(inside(BAY, 3.5, 2));
  assert.ok(!inside(BAY, 2, 3));
  assert.ok(!inside(BAY, -1, 1));
});

test("colours are mixed by parts, and NaN is left blank", () => {
  assert.equal(mix("#000000", "#ffffff", 0), "rgb(0 0 0)");
  assert.equal(mix("#000000", "#ff8040", 1), "rgb(255 128 64)");
  const ramp = makeRamp({ colours: { surface: "#ffffff", accent: "#000000" } }, [1, NaN, 3]);
  assert.deepEqual([ramp.low, ramp.high, ramp.empty], [1, 3, false]);
  assert.equal(ramp.colour(NaN), null);
  assert.equal(ramp.colour(3), "rgb(0 0 0)");
  assert.ok(makeRamp({ colours: { surface: "#ffffff", accent: "#000000" } }, [NaN]).empty);
});

test("corners that say nothing go", () => {
  const path = thin([[0, 0], [1, 1], [2, 2], [30, 0], [31, 1], [60, 60]]);
  assert.deepEqual(path.slice(0, 2), [[0, 0], [30, 0]]);
  assert.ok(path.length < 6);
});

test("an outline is drawn only where it is in view and has all its corners", () => {
  const outlines = { x: [-5, 5, 5, 200, 210, 205, 1, NaN, 3], y: [1, 1, 9, 1, 1, 9, 1, 2, 3], starts: [0, 3, 6, 9] };
  const view = { width: 100, height: 100 };
  assert.deepEqual([0, 1, 2].map((n) => isDrawn(outlines, n, view)), [true, false, false]);
});
