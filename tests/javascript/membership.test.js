// Marks that lie on top of each other are moved apart, and others stay.

import assert from "node:assert/strict";
import { test } from "node:test";

import { spread } from "../../workbench/ui/views/membership.js";

test("marks at one place are spread and others stay", () => {
  const [x, y] = [Float32Array.of(0, 0.001, 50), Float32Array.of(0, 0, 50)];
  spread(x, y, 7);
  assert.ok(Math.abs(Math.hypot(x[0] - x[1], y[0] - y[1]) - 14) < 1e-3);
  assert.deepEqual([x[2], y[2]], [50, 50]);
});

test("many at one place lie on a ring, none on another", () => {
  const [x, y] = [new Float32Array(6), new Float32Array(6)];
  spread(x, y, 7);
  for (let a = 0; a < 6; a++) for (let b = 0; b < a; b++) assert.ok(Math.hypot(x[a] - x[b], y[a] - y[b]) > 7);
});

test("what has no place has none afterwards, and very many stay where they are", () => {
  const [x, y] = [Float32Array.of(0, NaN, 0), Float32Array.of(0, NaN, 0)];
  spread(x, y, 7);
  assert.ok(Number.isNaN(x[1]) && Number.isNaN(y[1]) && x[0] !== x[2]);
  const many = new Float32Array(501);
  spread(many, many, 7);
  assert.ok(many.every((value) => value === 0));
});
