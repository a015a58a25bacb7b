import { drawLasso, drawLegend, thin } from "./canvas/areas.js";
import { describeClasses } from "./canvas/classes.js";
import { follow, grouped, make, nameRow, openView, plural, short, showTip } from "./canvas/frame.js";
import {
  PATCHES,
  apply,
  computePatches,
  drawDetectors,
  drawFrame,
  drawGround,
  drawVisits,
  hits,
  isPlaced,
  keepFit,
  part,
  place,
  tell,
  toSky,
  turn,
  weigh,
  zoomButtons,
} from "./canvas/sky.js";
import { toDegrees, toVector } from "./canvas/sphere.js";

function addControls(view) {
  const names = (view.spec.colours ?? ["none"]).filter((name) => name in PATCHES);
  view.colour ??= names.includes("visits") && !view.spec.colour_by ? "visits" : "none";
  view.band ??= "all";
  const choose = (label, options, value, onchange) => {
    const select = make("select", { onchange: () => (onchange(select.value), tell(view), view.draw("selection")) });
    for (const [name, text] of options) select.append(make("option", { value: name, selected: name === value }, text));
    return make("label", {}, `${label} `, select);
  };
  const bands = view.hub.columns.get("band")?.categories ?? [];
  const controls = [];
  if (names.length > 1) {
    controls.push(choose("patches by", names.map((name) => [name, PATCHES[name]]), view.colour, (name) => (view.colour = name)));
    controls.push(choose("band", [["all", "all"], ...bands.map((name) => [name, name])], view.band, (name) => (view.band = name)));
  }
  const move = make("button", { type: "button", "aria-pressed": String(Boolean(view.moves)), title: "Dragging moves the sky instead of drawing an area" }, "Move");
  move.addEventListener("click", () => {
    view.moves = !view.moves;
    move.setAttribute("aria-pressed", String(view.moves));
    view.canvas.style.cursor = view.moves ? "grab" : "crosshair";
  });
  controls.push(make("span", { class: "buttons" }, move, ...zoomButtons(view)));
  view.controls.replaceChildren(...controls);
  view.offered = bands.join();
}

function drawAll(view, what) {
  if (!part(view, "centres")) return;
  const bands = (view.hub.columns.get("band")?.categories ?? []).join();
  if (bands !== view.offered) addControls(view);
  if (!isPlaced(view, what)) return;
  if (what === "rows" || !view.weight) weigh(view);
  view.given = view.nPatches && view.hub.columns.has("band") ? computePatches(view) : null;
  const pen = drawGround(view);
  drawVisits(pen, view);
  drawDetectors(pen, view);
  const pixels = (corner) => {
    const [east, north] = view.projection.project(...corner);
    return [view.width / 2 - east * view.scale, view.height / 2 - north * view.scale];
  };
  drawLasso(pen, view, view.path ?? view.area?.map(pixels));
  if (view.ramp && view.colour !== "none") drawLegend(pen, view, view.ramp, LEGENDS[view.colour]);
  drawFrame(pen, view);
}

const LEGENDS = { visits: "visits per patch", time: "exposure time (s)", depth: "depth (mag)" };

function describe(view) {
  return describeSky(view) + describeClasses(view);
}

function describeSky(view) {
  const { hub } = view;
  const chosen = hub.count ? `${grouped(hub.count)} of ${plural(hub.length, "visit")} selected` : `${plural(hub.length, "visit")}, none selected`;
  if (!view.given) return `${chosen}. North is up, east to the left.`;
  const covered = view.given.visits.filter((number) => number > 0);
  const who = hub.count ? "they" : "all together";
  if (!covered.length) return `${chosen}; ${who} cover no patch. North is up, east to the left.`;
  const [low, high] = [Math.min(...covered), Math.max(...covered)];
  const each = low === high ? `${plural(low, "visit")} each` : `${grouped(low)} to ${grouped(high)} visits each`;
  const band = view.band === "all" ? "" : ` in ${view.band}`;
  return `${chosen}; ${who} cover ${plural(covered.length, "patch", "patches")}${band}, ${each}. North is up, east to the left.`;
}

function list(view) {
  if (!view.given) return { heads: ["patch"], rows: [] };
  const names = view.spec.patch_names;
  const rows = [];
  for (let n = 0; n < view.nPatches && rows.length < 2000; n++) {
    if (!view.given.visits[n]) continue;
    rows.push([...names[n].map(String), grouped(view.given.visits[n]), short(view.given.time[n]), view.given.depth[n] === view.given.depth[n] ? view.given.depth[n].toFixed(2) : ""]);
  }
  return { heads: ["sky map", "tract", "patch", "visits", "exposure time (s)", "depth (mag)"], rows };
}

function readDetail(view) {
  view.detailed = view.detail?.arrays;
  if (view.projection) place(view);
}

export function render({ model, el }) {
  return openView(model, el, {
    height: 420,
    tableLabel: "Patches as a table",
    open(view) {
      let centre = null;
      follow(view, {
        press: (at) => {
          centre = view.projection;
          view.path = view.moves ? null : [at];
          view.tip.hidden = true;
        },
        drag: (start, at, event) => {
          if (view.moves || event.shiftKey) {
            view.path = null;
            turn(view, centre, start, at);
          } else {
            view.path?.push(at);
            view.draw("selection");
          }
        },
        release: () => {
          const path = view.path && thin(view.path);
          view.path = null;
          if (path?.length > 2) {
            view.area = path.map((corner) => toSky(view, corner));
            apply(view);
          } else view.draw("selection");
        },
        click: (at) => {
          view.path = null;
          const [row] = hits(view, at, 10);
          if (row !== undefined) return view.hub.toggle(view, row);
          if (view.area) {
            view.area = null;
            apply(view);
          }
        },
        hover: (at) => {
          if (!view.marks) return;
          const here = hits(view, at, 8);
          const names = here.slice(0, 5).map((row) => nameRow(view, row));
          const [ra, dec] = toDegrees(toSky(view, at));
          const where = `RA ${ra.toFixed(3)}°, Dec ${dec.toFixed(3).replace("-", "\u2212")}°`;
          showTip(view, at, names.length ? `${names.join(", ")}${here.length > 5 ? ` and ${here.length - 5} more` : ""}` : where);
        },
      });
    },
    read(view) {
      keepFit(view);
      addControls(view);
    },
    forget(view) {
      if (!view.area) return;
      view.area = null;
      tell(view);
    },
    restore(view, state) {
      if (state.colour) view.colour = state.colour;
      if (state.band) view.band = state.band;
      addControls(view);
      const now = view.area ? view.area.map((corner) => toDegrees(corner).map((angle) => Number(angle.toFixed(6)))) : null;
      const wanted = state.value ?? null;
      if (String(wanted) === String(now) || !part(view, "centres")) return view.draw("selection");
      view.area = wanted && wanted.map(([ra, dec]) => toVector(ra, dec));
      apply(view, { quietly: true });
    },
    detail: readDetail,
    draw: drawAll,
    describe,
    table: list,
  });
}
