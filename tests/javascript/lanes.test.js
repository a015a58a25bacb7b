// Where members of groups lie, and what is under the pointer.

import assert from "node:assert/strict";
import { test } from "node:test";

import { arrange, bandOf, laneAt, laneName, memberAt, membersIn, placeOf } from "../../workbench/ui/views/canvas/lanes.js";

function makeView(lanes, keys, { width = 700, outside = false } = {}) {
  const rows = Int32Array.from(lanes, (_, n) => n);
  const columns = new Map([["band", { categories: ["g", "r"], values: Int32Array.from(rows, (n) => n % 2) }]]);
  const view = {
    told: { lanes: keys, outside },
    lanes: Int32Array.from(lanes),
    rows,
    order: "place",
    place: Float64Array.from(rows, (n) => rows.length - n),
    width,
    height: 400,
    stage: { scrollTop: 0, style: { height: "0px" } },
    canvas: { style: {} },
    spacer: { style: {} },
    hub: { columns, values: (name) => columns.get(name)?.values },
  };
  arrange(view);
  return view;
}

test("members stand in the order that was asked for, each lane below the one before", () => {
  const view = makeView([0, 1, 0, 1, 0], ["a", "b"]);
  assert.deepEqual(view.laneList.map((lane) => lane.members), [[4, 2, 0], [3, 1]]);
  assert.ok(view.laneList[1].top >= view.laneList[0].top + view.laneList[0].height);
});

test("every member is found where it is drawn", () => {
  const view = makeView(Array.from({ length: 500 }, (_, n) => n % 3), ["a", "b"], { outside: true });
  for (const member of view.rows) {
    const [x, y] = placeOf(view, member);
    assert.equal(memberAt(view, [x + view.size / 2, y + view.size / 2]), member);
    assert.equal(laneAt(view, y), view.lanes[member]);
  }
  assert.equal(memberAt(view, [2, view.laneList[0].top + 5]), -1);
  assert.equal(laneName(view.laneList[2]), "in no group");
});

test("a box holds what it touches", () => {
  const view = makeView([0, 0, 0, 0], ["a"]);
  const places = [...view.rows].map((member) => placeOf(view, member));
  const [x, y] = places[2];
  assert.deepEqual(membersIn(view, [x + 1, y + 1], [x + 2, y + 2]), [2]);
  assert.equal(membersIn(view, [0, 0], [700, 400]).length, 4);
});

test("the band of a member is that of its row", () => {
  const view = makeView([0, 0], ["a"]);
  assert.deepEqual([bandOf(view, 0), bandOf(view, 1)], ["g", "r"]);
  view.rows[1] = -1;
  assert.equal(bandOf(view, 1), "");
});
