// What the views of one page share: selections by cuts and by hand, and how they are told.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { countOf, openHub, packMask, readMessage, unpackMask } from "../../workbench/ui/views/canvas/hub.js";

const frames = [];
// @ts-ignore: a page would draw
globalThis.requestAnimationFrame = (call) => frames.push(call);

function makeView(id) {
  return { id, drawn: [], told: [], draw(what) { this.drawn.push(what); }, report(text) { this.told.push(JSON.parse(text)); } };
}

function flush() {
  for (const call of frames.splice(0)) call();
}

let number = 0;
let hub, view;
beforeEach(() => {
  hub = openHub(`link ${number++}`);
  hub.adopt("digest", 5);
  view = makeView("a");
  hub.join(view);
});

test("masks come back from text", () => {
  for (const length of [0, 1, 7, 8, 9, 100000]) {
    const mask = Uint8Array.from({ length }, (_, row) => Number(row % 3 === 0));
    assert.deepEqual(unpackMask(packMask(mask), length), mask);
    assert.equal(countOf(mask), Math.ceil(length / 3));
  }
});

test("what all cuts keep is selected, and edits by hand end with the next cut", () => {
  const other = makeView("b");
  hub.join(other);
  hub.cut(view, { label: "x", where: "x > 1", mask: Uint8Array.of(1, 1, 1, 0, 0) });
  hub.cut(other, { label: "y", where: "y > 1", mask: Uint8Array.of(0, 1, 1, 1, 0) });
  assert.deepEqual([...hub.selected], [0, 1, 1, 0, 0]);
  hub.toggle(view, 4);
  assert.equal(hub.count, 3);
  assert.equal(hub.byHand, 1);
  hub.cut(other, null);
  assert.deepEqual([...hub.selected], [1, 1, 1, 0, 0]);
  assert.equal(hub.byHand, 0);
});

test("a change is reported once, by the view that made it", () => {
  const other = makeView("b");
  hub.join(other);
  hub.mark(view, [0, 2], true);
  hub.report();
  hub.report();
  assert.equal(view.told.length, 1);
  assert.equal(other.told.length, 0);
  assert.deepEqual([...unpackMask(view.told[0].mask, 5)], [1, 0, 1, 0, 0]);
  flush();
  assert.deepEqual(other.drawn, ["selection"]);
});

test("what is of other rows, or was reported here, is not taken", () => {
  const mask = packMask(Uint8Array.of(1, 0, 0, 0, 1));
  hub.receive(JSON.stringify({ from: "python", digest: "another", mask }));
  assert.equal(hub.count, 0);
  hub.receive(JSON.stringify({ from: hub.id, digest: "digest", mask }));
  assert.equal(hub.count, 0);
  hub.receive(JSON.stringify({ from: "python", digest: "digest", mask }));
  assert.deepEqual([...hub.selected], [1, 0, 0, 0, 1]);
});

test("the last view that leaves takes the hub with it", () => {
  const link = "alone";
  const leave = openHub(link).join(makeView("only"));
  const before = openHub(link);
  leave();
  assert.notEqual(openHub(link), before);
});

test("a message has a description and arrays, wherever it begins in its buffer", () => {
  const told = JSON.stringify({ digest: "d", parts: [{ name: "x", kind: "f8", offset: 0, length: 2 }] });
  const head = new TextEncoder().encode(told);
  const begin = Math.ceil((4 + head.length) / 8) * 8;
  const bytes = new Uint8Array(3 + begin + 16);
  const within = new DataView(bytes.buffer, 3);
  within.setUint32(0, head.length, true);
  bytes.set(head, 7);
  within.setFloat64(begin, 1.5, true);
  within.setFloat64(begin + 8, -2, true);
  const message = readMessage(within);
  assert.equal(message.digest, "d");
  assert.deepEqual([...message.arrays.get("x").values], [1.5, -2]);
  assert.equal(readMessage(null), null);
});
