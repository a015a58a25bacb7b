// Groups as lanes: where each lane and each member lies, what is under the pointer, and how it is drawn.

import { bandColour } from "./classes.js";
import { fitted, grouped, plural } from "./frame.js";
import { NIGHT } from "./nights.js";

const SIZES = [16, 13, 10, 8, 6, 5, 4, 3, 2]; // sides of a member, in px
const TALLEST = 96; // px of a lane, while members can be made smaller
const LOWEST = 34; // px of a lane
const GAP = 6; // px between lanes
const LETTERED = 13; // px of a member from which on its band is written on it

function gutter(view) {
  return Math.min(150, Math.max(96, view.width * 0.16));
}

// Members of each lane in their order: `view.lanes` are { key, members, top, height }, `view.size` the side.
export function arrange(view) {
  const { rows, lanes: laneOf, order } = view;
  const lanes = view.told.lanes.map((key) => ({ key, members: [] }));
  if (view.told.outside) lanes.push({ key: null, members: [] });
  for (let member = 0; member < rows.length; member++) lanes[laneOf[member]].members.push(member);
  const values = orderValues(view, order);
  for (const lane of lanes) lane.members.sort((a, b) => compare(values[a], values[b]) || a - b);
  view.places = new Int32Array(rows.length);
  for (const lane of lanes) lane.members.forEach((member, place) => (view.places[member] = place));
  view.laneList = lanes;
  measure(view);
}

function compare(a, b) {
  if (a === b) return 0;
  if (a !== a) return b !== b ? 0 : 1;
  if (b !== b) return -1;
  return a < b ? -1 : 1;
}

function orderValues(view, order) {
  const { hub, rows } = view;
  if (order === "place") return view.place;
  const values = hub.values(order === "time" ? NIGHT : order);
  const sequence = order === "time" ? hub.values("visit.seq_num") : null;
  return Float64Array.from(rows, (row) => {
    if (row < 0 || !values) return NaN;
    return values[row] + (sequence && sequence[row] === sequence[row] ? Math.min(sequence[row], 999999) / 1e6 : 0);
  });
}

function measure(view) {
  if (!view.laneList || !view.width) return;
  const room = Math.max(40, view.width - gutter(view) - 16);
  const most = Math.max(1, ...view.laneList.map((lane) => lane.members.length));
  view.size = SIZES.find((size) => Math.ceil(most / Math.floor(room / size)) * size <= TALLEST) ?? SIZES[SIZES.length - 1];
  view.perLine = Math.floor(room / view.size);
  let top = 4;
  for (const lane of view.laneList) {
    lane.top = top;
    lane.height = Math.max(LOWEST, Math.ceil(lane.members.length / view.perLine) * view.size + 8);
    top += lane.height + GAP;
  }
  view.total = top;
  // The canvas is as tall as the stage, and stays in view while what is below it scrolls.
  const wanted = Math.min(view.total, 440);
  if (Math.abs(parseFloat(view.stage.style.height) - wanted - 2) > 1) view.stage.style.height = `${wanted + 2}px`;
  view.canvas.style.height = `${view.height}px`;
  view.spacer.style.height = `${Math.max(0, view.total - view.height)}px`;
}

export function placeOf(view, member) {
  const lane = view.laneList[view.lanes[member]];
  const place = view.places[member];
  const lines = Math.max(1, Math.ceil(lane.members.length / view.perLine));
  const top = lane.top + (lane.height - lines * view.size) / 2;
  return [gutter(view) + (place % view.perLine) * view.size, top + Math.floor(place / view.perLine) * view.size];
}

export function laneAt(view, y) {
  const at = y + view.stage.scrollTop;
  let [low, high] = [0, view.laneList.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (view.laneList[middle].top - GAP / 2 <= at) low = middle;
    else high = middle - 1;
  }
  return view.laneList.length && at < view.total ? low : -1;
}

export function memberAt(view, [x, y]) {
  const number = laneAt(view, y);
  const lane = view.laneList[number];
  if (!lane?.members.length || x < gutter(view)) return -1;
  const [left, top] = placeOf(view, lane.members[0]);
  const column = Math.floor((x - left) / view.size);
  const line = Math.floor((y + view.stage.scrollTop - top) / view.size);
  if (column < 0 || column >= view.perLine || line < 0) return -1;
  return lane.members[line * view.perLine + column] ?? -1;
}

export function membersIn(view, [x0, y0], [x1, y1]) {
  const [left, right, top, bottom] = [Math.min(x0, x1), Math.max(x0, x1), Math.min(y0, y1), Math.max(y0, y1)];
  const found = [];
  for (const lane of view.laneList) {
    if (lane.top + lane.height < top || lane.top > bottom) continue;
    for (const member of lane.members) {
      const [x, y] = placeOf(view, member);
      if (x + view.size > left && x < right && y + view.size > top && y < bottom) found.push(member);
    }
  }
  return found;
}

export const laneName = (lane) => lane.key ?? "in no group";

export function bandOf(view, member) {
  const column = view.hub.columns.get("band");
  const row = view.rows[member];
  return (row >= 0 && column?.categories[column.values[row]]) || "";
}

function inkOn(colour) {
  const number = parseInt(colour.slice(1), 16);
  return 0.299 * (number >> 16) + 0.587 * ((number >> 8) & 255) + 0.114 * (number & 255) > 140 ? "#000000" : "#ffffff";
}

export function drawLanes(pen, view) {
  const { colours } = view;
  const scroll = view.stage.scrollTop;
  const left = gutter(view);
  pen.fillStyle = colours.surface;
  pen.fillRect(0, 0, view.width, view.height);
  const side = view.size >= 6 ? view.size - 2 : view.size >= 3 ? view.size - 1 : view.size;
  view.laneList.forEach((lane, number) => {
    const top = lane.top - scroll;
    if (top + lane.height < 0 || top > view.height) return;
    const isTarget = view.grabbed && view.target === number;
    pen.fillStyle = colours.raised;
    pen.fillRect(4, top, view.width - 8, lane.height);
    if (isTarget) {
      pen.fillStyle = colours.accent;
      pen.globalAlpha = 0.16;
      pen.fillRect(4, top, view.width - 8, lane.height);
      pen.globalAlpha = 1;
    }
    const isChosen = lane.key !== null && lane.key === view.group;
    pen.strokeStyle = isTarget || isChosen ? colours.accent : colours.border;
    pen.lineWidth = isTarget ? 2 : 1;
    pen.strokeRect(4.5, top + 0.5, view.width - 9, lane.height - 1);
    if (isChosen) {
      pen.fillStyle = colours.accent;
      pen.fillRect(4, top, 4, lane.height);
    }
    drawLabel(pen, view, lane, number, top, left);
    drawMembers(pen, view, lane, side, scroll);
    pen.globalAlpha = 1;
  });
  if (view.cursor >= 0 && view.isFocused) {
    const [x, y] = placeOf(view, view.cursor);
    pen.strokeStyle = colours.accent;
    pen.lineWidth = 2;
    pen.strokeRect(x - 2, y - 2 - scroll, side + 4, side + 4);
  }
  if (view.box) {
    const [[x0, y0], [x1, y1]] = view.box;
    pen.fillStyle = pen.strokeStyle = colours.accent;
    pen.lineWidth = 1;
    pen.globalAlpha = 0.14;
    pen.fillRect(x0, y0 - scroll, x1 - x0, y1 - y0);
    pen.globalAlpha = 1;
    pen.strokeRect(x0, y0 - scroll, x1 - x0, y1 - y0);
  }
  if (view.grabbed) drawGrabbed(pen, view);
}

function drawLabel(pen, view, lane, number, top, left) {
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  pen.font = `600 12.5px system-ui, "DejaVu Sans", sans-serif`;
  pen.fillStyle = view.colours.text;
  const middle = top + Math.min(lane.height, TALLEST) / 2;
  pen.fillText(fitted(pen, laneName(lane), left - 26), 14, middle - 7);
  pen.font = '11px system-ui, "DejaVu Sans", sans-serif';
  pen.fillStyle = view.colours.muted;
  const chosen = view.chosen[number];
  pen.fillText(fitted(pen, `${grouped(lane.members.length)}${chosen ? `, ${grouped(chosen)} selected` : ""}`, left - 22), 14, middle + 8);
}

// Twenty thousand of them at every brush: colours are looked up once a band, and set where they change.
function drawMembers(pen, view, lane, side, scroll) {
  const { hub, rows, size, perLine } = view;
  if (!lane.members.length) return;
  const bands = hub.columns.get("band");
  const paints = (bands?.categories ?? []).map((band) => bandColour(view, band));
  const unknown = bandColour(view, "");
  const [left, top] = placeOf(view, lane.members[0]);
  const first = Math.max(0, Math.floor((scroll - top) / size) * perLine);
  const last = Math.min(lane.members.length, Math.ceil((scroll + view.height - top) / size) * perLine);
  let [fill, strength] = ["", -1];
  const chosen = [];
  for (let place = first; place < last; place++) {
    const row = rows[lane.members[place]];
    const isOn = row >= 0 && hub.selected[row];
    const code = row >= 0 && bands ? bands.values[row] : -1;
    const [paint, alpha] = [paints[code] ?? unknown, hub.count && !isOn ? 0.4 : 1];
    if (paint !== fill) pen.fillStyle = fill = paint;
    if (alpha !== strength) pen.globalAlpha = strength = alpha;
    const [x, y] = [left + (place % perLine) * size, top + Math.floor(place / perLine) * size - scroll];
    pen.fillRect(x, y, side, side);
    if (isOn) chosen.push([x, y]);
    if (size < LETTERED || code < 0) continue;
    // On what is paler than its colour, the letter is as dark as all text.
    pen.fillStyle = fill = alpha < 1 ? view.colours.text : inkOn(paint);
    pen.globalAlpha = strength = 1;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(bands.categories[code].slice(0, 2), x + side / 2, y + side / 2 + 0.5);
  }
  if (size < 5) return;
  pen.globalAlpha = 1;
  pen.strokeStyle = view.colours.text;
  pen.lineWidth = 1.5;
  for (const [x, y] of chosen) pen.strokeRect(x - 0.5, y - 0.5, side + 1, side + 1);
}

function drawGrabbed(pen, view) {
  const [x, y] = view.pointer;
  const target = view.laneList[view.target];
  const to = !target ? "" : view.target === view.grabbed.from ? " (stays here)" : target.key === null ? " out of the groups" : ` to ${target.key}`;
  const text = `${plural(view.grabbed.members.length, "member")}${to}`;
  pen.font = '12px system-ui, "DejaVu Sans", sans-serif';
  const width = Math.min(pen.measureText(text).width + 14, view.width - 8);
  const left = Math.max(2, Math.min(x + 12, view.width - width - 4));
  const top = Math.max(2, Math.min(y - 10, view.height - 24));
  pen.fillStyle = view.colours.accent;
  pen.fillRect(left, top, width, 22);
  pen.fillStyle = view.colours["on-accent"];
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  pen.fillText(text, left + 7, top + 11, width - 12);
}
