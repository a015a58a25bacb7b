// What the views of one page share: columns of the rows, which rows are selected, and the cuts that say so.
// A brush redraws every view of the same link at once; Python hears of it a moment later, and keeps keys.

const HUBS = (globalThis.campaignWorkbenchHubs ??= new Map());
const REPORT_AFTER = 60; // ms without another change

export function openHub(link) {
  if (!HUBS.has(link)) HUBS.set(link, new Hub(link));
  return HUBS.get(link);
}

const ARRAYS = { f8: Float64Array, f4: Float32Array, i4: Int32Array, u1: Uint8Array };

/**
 * A message is a description and arrays: see wire.py. Nothing was sent yet: null.
 * @param {any} content a DataView or an ArrayBuffer
 */
export function readMessage(content) {
  if (!content?.byteLength) return null;
  // The message may start anywhere in its buffer, and arrays want multiples of 8.
  const bytes = new Uint8Array(content.buffer ?? content, content.byteOffset ?? 0, content.byteLength).slice();
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const told = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const begin = Math.ceil((4 + length) / 8) * 8;
  const read = (one) => ({ ...one, values: new ARRAYS[one.kind](bytes.buffer, begin + one.offset, one.length) });
  return { ...told, arrays: new Map(told.parts.map((one) => [one.name, read(one)])) };
}

export function packMask(mask) {
  const bytes = new Uint8Array(Math.ceil(mask.length / 8));
  mask.forEach((on, row) => on && (bytes[row >> 3] |= 1 << (row & 7)));
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

export function unpackMask(text, length) {
  const packed = atob(text);
  const mask = new Uint8Array(length);
  for (let row = 0; row < length; row++) mask[row] = (packed.charCodeAt(row >> 3) >> (row & 7)) & 1;
  return mask;
}

export function countOf(mask) {
  let count = 0;
  for (let i = 0; i < mask.length; i++) count += mask[i];
  return count;
}

class Hub {
  constructor(link) {
    this.link = link;
    this.id = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
    this.views = new Set();
    this.revision = 0;
    this.detectors = new Set(); // numbers of "instrument detector" in the focal plane's list; empty: all
    this.adopt("", 0);
  }

  adopt(digest, length) {
    if (this.digest === digest) return;
    this.digest = digest;
    this.length = length;
    this.columns = new Map();
    this.selected = new Uint8Array(length);
    this.count = 0;
    this.cuts = new Map();
    this.byHand = 0;
    for (const view of this.views ?? []) view.forget?.();
  }

  provide(columns) {
    for (const [name, column] of columns) this.columns.set(name, column);
    this.redraw("rows");
  }

  values(name) {
    return this.columns.get(name)?.values;
  }

  join(view) {
    this.views.add(view);
    return () => {
      this.views.delete(view);
      if (!this.views.size) HUBS.delete(this.link);
    };
  }

  // A cut is { label, where, mask }; what all cuts keep is selected, and edits by hand end with the next cut.
  cut(view, cut) {
    if (cut) this.cuts.set(view.id, cut);
    else if (!this.cuts.delete(view.id)) return;
    const masks = [...this.cuts.values()].map((c) => c.mask);
    const selected = new Uint8Array(this.length);
    if (masks.length) selected.set(masks[0]);
    for (const mask of masks.slice(1)) for (let i = 0; i < this.length; i++) selected[i] &= mask[i];
    this.byHand = 0;
    this.change(selected, view);
  }

  mark(view, rows, on) {
    const selected = this.selected.slice();
    for (const row of rows) selected[row] = on ? 1 : 0;
    this.byHand += rows.length;
    this.change(selected, view);
  }

  toggle(view, row) {
    this.mark(view, [row], !this.selected[row]);
  }

  clear(view) {
    this.dropCuts();
    this.detectors = new Set();
    this.change(new Uint8Array(this.length), view);
  }

  dropCuts() {
    this.cuts.clear();
    this.byHand = 0;
    for (const other of this.views) other.forget?.();
  }

  change(selected, view) {
    this.selected = selected;
    this.count = countOf(selected);
    this.changed(view);
  }

  choose(view, detectors) {
    this.detectors = detectors;
    this.changed(view);
  }

  changed(view) {
    // Measured from the movement of the pointer, where there was one.
    this.began ??= view.pointed ?? performance.now();
    view.pointed = undefined;
    this.revision += 1;
    this.redraw("selection");
    clearTimeout(this.timer);
    this.unreported = view;
    this.timer = setTimeout(() => this.report(), REPORT_AFTER);
  }

  // Also called by a view before it asks for something: what was selected first is heard of first.
  report() {
    const origin = this.unreported;
    if (!origin) return;
    clearTimeout(this.timer);
    this.unreported = null;
    const text = JSON.stringify({
      from: this.id,
      revision: this.revision,
      digest: this.digest,
      mask: packMask(this.selected),
      cuts: [...this.cuts.values()].map(({ label, where }) => ({ label, where })),
      by_hand: this.byHand,
      detectors: [...this.detectors].sort((a, b) => a - b),
    });
    for (const view of this.views) if (view === origin || view.reportsAll) view.report?.(text);
  }

  // From Python: what this page itself reported is old news.
  receive(text) {
    if (!text || text === this.received) return;
    const told = JSON.parse(text);
    if (told.digest !== this.digest || told.from === this.id) return;
    this.received = text;
    const selected = unpackMask(told.mask, this.length);
    // The cuts stay where they say the same.
    if (selected.some((on, row) => on !== this.selected[row])) this.dropCuts();
    this.selected = selected;
    this.count = countOf(selected);
    this.detectors = new Set(told.detectors ?? []);
    this.revision += 1;
    this.redraw("selection");
  }

  redraw(what) {
    this.wanted = what === "rows" || this.wanted === "rows" ? "rows" : what;
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      const wanted = this.wanted;
      [this.frame, this.wanted] = [null, null];
      for (const view of this.views) view.draw(wanted);
      if (this.began !== undefined) {
        performance.measure("campaign-workbench:brush", { start: this.began, end: performance.now() });
        this.began = undefined;
      }
    });
  }
}
