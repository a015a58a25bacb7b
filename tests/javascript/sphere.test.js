// The sphere in a plane: distances, seam and poles.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Projection, RADIAN, graticule, meanOf, toDegrees, toVector } from "../../workbench/ui/views/canvas/sphere.js";

const CENTRES = [
  [0, 0],
  [359.9, -45],
  [150, 89.95],
  [10, -90],
];

test("degrees come back from vectors", () => {
  for (const [ra, dec] of [[0, 0], [359.5, 45], [120.25, -89.5]]) {
    const [back, height] = toDegrees(toVector(ra, dec));
    assert.ok(Math.abs(back - ra) < 1e-9);
    assert.ok(Math.abs(height - dec) < 1e-9);
  }
});

test("points come back from the plane, around any centre", () => {
  for (const centre of CENTRES) {
    const plane = new Projection(toVector(centre[0], centre[1]));
    for (const [x, y] of [[0, 0], [0.3, -0.2], [-1.2, 0.9]]) {
      const [east, north] = plane.project(.../** @type {[number, number, number]} */ (plane.unproject(x, y)));
      assert.ok(Math.abs(east - x) < 1e-12 && Math.abs(north - y) < 1e-12, `${centre}: ${east}, ${north}`);
    }
  }
});

test("the point opposite of the centre has no place", () => {
  const plane = new Projection([1, 0, 0]);
  assert.deepEqual(plane.project(-1, 0, 0), [NaN, NaN]);
});

test("the mean of directions across 0 h is at 0 h, and NaN count for nothing", () => {
  const vectors = [...toVector(359, 0), ...toVector(1, 0), NaN, NaN, NaN];
  const [ra, dec] = toDegrees(meanOf(vectors));
  assert.ok(Math.min(ra, 360 - ra) < 1e-9 && Math.abs(dec) < 1e-9);
});

test("lines cross the view, and go round the pole", () => {
  assert.ok(graticule(toVector(10, 20), 1).length >= 4);
  const around = graticule(toVector(0, 89.9), 2).filter((line) => line.edge === "bottom");
  assert.ok(around.length >= 12, `${around.length} meridians`);
  assert.ok(Math.abs(RADIAN * 180 - Math.PI) < 1e-15);
});

for (const [name, ra, dec, expected] of /** @type {[string, number, number, string[]][]} */ ([
  ["a field", 150.1, 2.2, ["150.0°", "+2.0°"]],
  ["the meridian", 0, 0, ["0.0°", "359.5°", "+0.0°", "\u22120.5°"]],
  ["near the pole", 77, 89.9, ["0°", "+90.0°"]],
  ["at the pole", 77, -90, ["0°", "\u221289.5°"]],
])) {
  test(`the graticule names its lines: ${name}`, () => {
    const labels = graticule(toVector(ra, dec), Math.hypot(0.8, 0.8)).map((line) => line.label);
    for (const label of expected) assert.ok(labels.includes(label), `${label}: ${labels}`);
    assert.equal(new Set(labels).size, labels.length);
    assert.ok(labels.length >= 4 && labels.length <= 40);
  });
}
