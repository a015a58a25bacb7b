// Boxes in layers: where they lie, and how a large drawing is fitted and zoomed.

import assert from "node:assert/strict";
import { test } from "node:test";

import { extent, fit, place, zoom } from "../../workbench/ui/views/layered.js";

function makeView(half = 2, layers = 3) {
  const attributes = new Map();
  return {
    half,
    pitch: 90,
    height: 56,
    spec: { n_layers: layers },
    stage: { clientWidth: 800, clientHeight: 400 },
    svg: { setAttribute: (name, value) => attributes.set(name, value) },
    level: { textContent: "" },
    attributes,
    at: { x: 0, y: 0, scale: 1 },
  };
}

test("layers stand below each other, boxes beside each other", () => {
  const view = makeView();
  const [x, y] = place(view, [0, 0]);
  assert.ok(place(view, [0, 1])[0] > x);
  assert.equal(place(view, [1, 0])[1] - y, view.pitch);
  const { width, height } = extent(view);
  assert.ok(width > 0 && height > 2 * view.pitch);
});

test("what is fitted is all in view, and never larger than life", () => {
  for (const layers of [1, 3, 40]) {
    const view = makeView(2, layers);
    fit(view);
    const [x, y, width, height] = view.attributes.get("viewBox").split(" ").map(Number);
    assert.ok(view.at.scale <= 1);
    const whole = extent(view);
    assert.ok(width + 1e-6 >= whole.width - 28 && height + 1e-6 >= whole.height, `${width} x ${height} at ${x}, ${y}`);
  }
});

test("zooming keeps the point under the pointer, and has ends", () => {
  const view = makeView();
  fit(view);
  const under = ([px, py]) => [view.at.x + px / view.at.scale, view.at.y + py / view.at.scale];
  const before = under([100, 50]);
  zoom(view, 1.5, [100, 50]);
  const after = under([100, 50]);
  assert.ok(Math.hypot(before[0] - after[0], before[1] - after[1]) < 1e-6);
  for (let n = 0; n < 40; n++) zoom(view, 2, [0, 0]);
  assert.equal(view.at.scale, 2);
  for (let n = 0; n < 40; n++) zoom(view, 0.5, [0, 0]);
  assert.equal(view.at.scale, 0.08);
});
