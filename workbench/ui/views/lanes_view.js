// The lanes as a view: selected with the pointer or keys, moved by dragging, by keys or by the field below.

import { GLYPHS, bandColour } from "./canvas/classes.js";
import { begin, follow, grouped, make, openView, picker, plural, short, showTip } from "./canvas/frame.js";
import { arrange, bandOf, drawLanes, laneAt, laneName, memberAt, membersIn, placeOf } from "./canvas/lanes.js";
import { NIGHT, nightText } from "./canvas/nights.js";

const KEYS_HELP =
  "Drag a member, or the selected ones with it, to another lane; draw a box to select, with Shift where it begins on a member. Keys: arrows go from member to member, " +
  "Space selects, Shift+Space selects the lane, Alt+\u2191 and Alt+\u2193 move to the lane above or below, " +
  "Ctrl+Z and Ctrl+Y undo and redo, Escape clears.";
const ORDERS = { time: "time", place: "place in the group" };
const MOST_OFFERED = 300;

function readLanes(view) {
  view.told = view.detail;
  if (!view.told || view.told.digest !== view.hub.digest) {
    view.laneList = null;
    return;
  }
  const values = (name) => view.told.arrays.get(name)?.values;
  [view.rows, view.lanes, view.place] = [values("row"), values("lane"), values("place")];
  view.keys = [...view.told.arrays.values()].filter((one) => one.name.startsWith("key_"));
  view.order ??= view.told.order;
  const group = view.told.arrays.get("group");
  view.hub.provide([["group", group]]);
  arrange(view);
  if (!(view.cursor < view.rows.length)) view.cursor = -1;
  if (view.kept) view.cursor = [...view.rows.keys()].find((member) => nameMember(view, member) === view.kept) ?? view.cursor;
  if (view.kept && view.cursor >= 0) view.voice.textContent = sayMember(view, view.cursor);
  else if (!view.kept) view.voice.textContent = "";
  view.kept = null;
  addOrders(view);
  view.offers.replaceChildren(...view.told.lanes.slice(0, MOST_OFFERED).map((key) => make("option", { value: key })));
  for (const [name, button] of [["undo", view.undo], ["redo", view.redo]]) {
    const label = view.told[name];
    button.disabled = !label;
    button.textContent = `${name === "undo" ? "Undo" : "Redo"}${label ? `: ${label}` : ""}`;
  }
}

function addOrders(view) {
  const numbers = [...view.hub.columns.values()].filter((column) => column.kind === "f8" && column.label && column.name !== NIGHT);
  const orders = new Map([["time", { label: ORDERS.time }]]);
  if (view.told.placed) orders.set("place", { label: ORDERS.place });
  for (const column of numbers) orders.set(column.name, column);
  if (!orders.has(view.order)) view.order = view.told.placed ? "place" : "time";
  const offered = [...orders.keys()].join() + view.order;
  if (offered === view.offered) return;
  view.offered = offered;
  const { field } = picker("Order within lanes", [...orders.keys()], orders, view.order, (name) => {
    view.order = name;
    arrange(view);
    remember(view);
    view.draw("selection");
  });
  view.controls.replaceChildren(field);
}

function remember(view) {
  view.remember({ ...view.recall(), group: view.group, order: view.order });
}

function choose(view, number) {
  const lane = view.laneList[number];
  if (!lane || lane.key === null || lane.key === view.group) return;
  view.group = lane.key;
  remember(view);
  view.draw("selection");
}

function nameMember(view, member) {
  return view.keys
    .map((one) => {
      const value = one.categories ? one.categories[one.values[member]] : String(one.values[member]);
      return ["instrument", "visit", "skymap"].includes(one.label) ? value : `${one.label} ${value}`;
    })
    .join(" ");
}

function sayMember(view, member) {
  const lane = view.laneList[view.lanes[member]];
  const row = view.rows[member];
  const band = bandOf(view, member);
  const night = row >= 0 ? view.hub.values(NIGHT)?.[row] : NaN;
  const parts = [nameMember(view, member)];
  if (band) parts.push(`band ${band}`);
  if (night === night && night !== undefined) parts.push(nightText(night));
  if (!(view.order in ORDERS) && row >= 0) parts.push(`${view.hub.columns.get(view.order)?.label} ${short(view.hub.values(view.order)?.[row])}`);
  if (row >= 0 && view.hub.selected[row]) parts.push("selected");
  return `${laneName(lane)}, ${view.places[member] + 1} of ${lane.members.length}: ${parts.join(", ")}.`;
}

// Everything that is asked of Python; it counts the members of the lanes that it was told of.
function ask(view, what, more = {}) {
  view.hub.report();
  view.asked = (view.asked ?? 0) + 1;
  view.save("request", JSON.stringify({ number: view.asked, by: view.id, revision: view.told.revision, do: what, ...more }));
}

function selectedMembers(view, among) {
  return among.filter((member) => view.rows[member] >= 0 && view.hub.selected[view.rows[member]]);
}

function move(view, members, to, from = null) {
  if (!members.length) {
    view.voice.textContent = "Nothing is selected: select members first.";
    return;
  }
  view.kept = nameMember(view, view.cursor >= 0 ? view.cursor : members[0]);
  ask(view, "move", { members, to, from });
}

// From a lane: the selected members in it, with the one that was taken hold of.
function takeHold(view, member) {
  const from = view.lanes[member];
  const isOn = view.rows[member] >= 0 && view.hub.selected[view.rows[member]];
  return { from, members: isOn ? selectedMembers(view, view.laneList[from].members) : [member] };
}

function sendTo(view, grabbed, number) {
  const [from, to] = [view.laneList[grabbed.from], view.laneList[number]];
  if (to && number !== grabbed.from) move(view, grabbed.members, to.key, from.key);
}

function selectOnly(view, rows) {
  const selected = new Uint8Array(view.hub.length);
  for (const row of rows) if (row >= 0) selected[row] = 1;
  view.hub.dropCuts();
  view.hub.byHand = rows.length;
  view.hub.change(selected, view);
}

function goTo(view, member) {
  if (member === undefined || member < 0) return;
  view.cursor = member;
  const [, y] = placeOf(view, member);
  const { scrollTop } = view.stage;
  if (y < scrollTop + 8) view.stage.scrollTop = Math.max(0, y - 12);
  else if (y + view.size > scrollTop + view.height - 8) view.stage.scrollTop = y + view.size - view.height + 12;
  choose(view, view.lanes[member]);
  view.draw("selection");
  view.voice.textContent = sayMember(view, member);
}

function step(view, event) {
  const lanes = view.laneList;
  if (view.cursor < 0) return goTo(view, lanes.find((lane) => lane.members.length)?.members[0]);
  const number = view.lanes[view.cursor];
  const { members } = lanes[number];
  const place = view.places[view.cursor];
  const along = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: members.length - 1 };
  if (event.key in along) return goTo(view, members[Math.min(Math.max(along[event.key], 0), members.length - 1)]);
  const by = event.key === "ArrowUp" ? -1 : 1;
  const onLine = place + by * view.perLine;
  if (onLine >= 0 && onLine < members.length) return goTo(view, members[onLine]);
  for (let next = number + by; next >= 0 && next < lanes.length; next += by) {
    const there = lanes[next].members;
    if (there.length) return goTo(view, there[Math.min(place % view.perLine, there.length - 1)]);
  }
  return undefined;
}

function press(view, event) {
  if (!view.laneList) return;
  const { key } = event;
  const arrows = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
  const control = event.ctrlKey || event.metaKey;
  if (event.altKey && (key === "ArrowUp" || key === "ArrowDown")) {
    if (view.cursor >= 0) {
      const grabbed = takeHold(view, view.cursor);
      sendTo(view, grabbed, grabbed.from + (key === "ArrowUp" ? -1 : 1));
    }
  } else if (arrows.includes(key) && !control) step(view, event);
  else if (key === " " && view.cursor >= 0) {
    if (event.shiftKey) selectOnly(view, view.laneList[view.lanes[view.cursor]].members.map((member) => view.rows[member]));
    else if (view.rows[view.cursor] >= 0) view.hub.toggle(view, view.rows[view.cursor]);
    view.voice.textContent = sayMember(view, view.cursor);
  } else if (control && key.toLowerCase() === "z" && !event.shiftKey) {
    if (view.told.undo) ask(view, "undo");
  } else if (control && (key.toLowerCase() === "y" || (key.toLowerCase() === "z" && event.shiftKey))) {
    if (view.told.redo) ask(view, "redo");
  } else if (key === "Escape") {
    if (view.grabbed || view.box) [view.grabbed, view.box] = [null, null];
    else view.hub.clear(view);
    view.draw("selection");
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

function showBands(view) {
  const bands = view.hub.columns.get("band")?.categories ?? [];
  const text = bands.join() + view.colours.categories;
  if (view.bandsShown === text) return;
  view.bandsShown = text;
  view.bands.replaceChildren(
    ...bands.map((band) => {
      const mark = make("b", { "aria-hidden": "true" }, GLYPHS[0]);
      mark.style.color = bandColour(view, band);
      return make("span", {}, mark, ` ${band}`);
    }),
  );
}

function openLanes(view) {
  view.cursor = -1;
  view.stage.classList.add("lanes");
  view.spacer = make("div");
  view.stage.append(view.spacer);
  for (const [name, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", "Lanes"]]) view.stage.setAttribute(name, value);
  view.stage.addEventListener("scroll", () => view.draw("selection"));
  view.stage.addEventListener("keydown", (event) => press(view, event));
  for (const [name, on] of [["focus", true], ["blur", false]])
    view.stage.addEventListener(name, () => {
      view.isFocused = on;
      view.draw("selection");
    });
  view.bands = make("div", { class: "legend", "aria-label": "Bands", role: "group" });
  view.voice = make("p", { class: "quiet", "aria-live": "polite" });
  const id = `offers-${view.id}`;
  view.offers = make("datalist", { id });
  view.to = make("input", { type: "text", class: "group", list: id, placeholder: "a group, or a new one" });
  const go = () => {
    const all = selectedMembers(view, [...view.rows.keys()]);
    if (view.to.value.trim()) move(view, all, view.to.value.trim());
    else view.voice.textContent = "Say which group the selected go to.";
  };
  view.to.addEventListener("keydown", (event) => event.key === "Enter" && go());
  const button = (label, onclick) => make("button", { type: "button", onclick }, label);
  view.undo = button("Undo", () => ask(view, "undo"));
  view.redo = button("Redo", () => ask(view, "redo"));
  const lane = button("Select the chosen lane", () => {
    const found = view.laneList?.find((one) => one.key !== null && one.key === view.group);
    if (found) selectOnly(view, found.members.map((member) => view.rows[member]));
  });
  const none = button("Select none", () => view.hub.clear(view));
  const out = button("Take out of groups", () => move(view, selectedMembers(view, [...view.rows.keys()]), null));
  view.body.append(
    make("div", { class: "cuts" }, make("span", { class: "buttons" }, make("label", {}, "Move selected to group ", view.to), view.offers, button("Move", go), out)),
    make("div", { class: "cuts" }, make("span", { class: "buttons" }, view.undo, view.redo, lane, none)),
    view.bands,
    view.voice,
    make("p", { class: "quiet" }, KEYS_HELP),
  );
  const content = ([x, y]) => [x, y + view.stage.scrollTop];
  follow(view, {
    press: (at, event) => {
      view.tip.hidden = true;
      view.held = view.laneList && !event.shiftKey ? memberAt(view, at) : -1;
      view.began = content(at);
    },
    drag: (start, at) => {
      if (!view.laneList) return;
      const down = at[1] > view.height - 14 ? 12 : at[1] < 14 ? -12 : 0;
      if (down) view.stage.scrollTop += down;
      if (view.held >= 0) {
        view.grabbed ??= takeHold(view, view.held);
        [view.pointer, view.target] = [at, laneAt(view, at[1])];
        view.canvas.style.cursor = "grabbing";
      } else view.box = [view.began, content(at)];
      view.draw("selection");
    },
    release: () => {
      const { grabbed, box, target } = view;
      [view.grabbed, view.box, view.held] = [null, null, -1];
      view.canvas.style.cursor = "default";
      if (grabbed && target >= 0) sendTo(view, grabbed, target);
      else if (box) selectOnly(view, membersIn(view, ...box).map((member) => view.rows[member]));
      view.draw("selection");
    },
    click: (at) => {
      view.held = -1;
      if (!view.laneList) return;
      view.stage.focus({ preventScroll: true });
      const member = memberAt(view, at);
      choose(view, laneAt(view, at[1]));
      if (member < 0) return;
      view.cursor = member;
      if (view.rows[member] >= 0) view.hub.toggle(view, view.rows[member]);
    },
    hover: (at) => {
      if (!view.laneList) return;
      const member = memberAt(view, at);
      view.canvas.style.cursor = member < 0 ? "default" : "grab";
      showTip(view, at, member < 0 ? "" : sayMember(view, member));
      view.tip.style.top = `${Math.max(0, at[1] - 10) + view.stage.scrollTop}px`;
    },
  });
}

export function render({ model, el }) {
  return openView(model, el, {
    height: 200,
    tableLabel: "Groups as a table",
    open: openLanes,
    detail: readLanes,
    restore(view, state) {
      if (state.order && state.order !== view.order) {
        view.order = state.order;
        if (view.laneList) {
          addOrders(view);
          arrange(view);
        }
      }
      if (state.group !== undefined) view.group = state.group;
      view.draw("selection");
    },
    draw(view, what) {
      if (!view.laneList || view.told.digest !== view.hub.digest) {
        begin(view);
        return;
      }
      if (what === "rows") arrange(view);
      view.chosen = new Int32Array(view.laneList.length);
      if (view.hub.count) view.rows.forEach((row, member) => row >= 0 && (view.chosen[view.lanes[member]] += view.hub.selected[row]));
      drawLanes(begin(view), view);
      showBands(view);
    },
    describe(view) {
      if (!view.laneList) return "No groups yet.";
      const sizes = view.laneList.filter((lane) => lane.key !== null).map((lane) => lane.members.length);
      const [low, high] = [Math.min(...sizes), Math.max(...sizes)];
      const each = !sizes.length ? "" : low === high ? ` of ${plural(low, "member")}` : ` of ${grouped(low)} to ${grouped(high)} members`;
      const outside = view.told.outside ? `; ${grouped(view.laneList.at(-1).members.length)} in no group` : "";
      const chosen = view.hub.count ? `; ${grouped(view.chosen.reduce((sum, count) => sum + count, 0))} selected` : "; none selected";
      return `${plural(sizes.length, "group")}${each}${outside}${chosen}.`;
    },
    table(view) {
      if (!view.laneList) return { heads: ["group"], rows: [] };
      const bands = view.hub.columns.get("band")?.categories ?? [];
      const rows = view.laneList.slice(0, 2000).map((lane, number) => {
        const counts = new Map();
        for (const member of lane.members) counts.set(bandOf(view, member), (counts.get(bandOf(view, member)) ?? 0) + 1);
        return [laneName(lane), grouped(lane.members.length), grouped(view.chosen[number]), ...bands.map((band) => grouped(counts.get(band) ?? 0))];
      });
      return { heads: ["group", "members", "selected", ...bands], rows };
    },
  });
}
