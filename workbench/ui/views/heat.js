// Counts of groups (rows) in strata (columns) as shades; what is under the pointer is said.

import { begin, fitted, follow, grouped, openView, plural, showTip } from "./canvas/frame.js";

const LEFT = 110;

function cellAt(view, [x, y]) {
  const { groups, strata } = view.spec;
  const column = Math.floor(((x - LEFT) / (view.width - LEFT - 4)) * strata.length);
  const row = Math.floor((y / (view.height - 18)) * groups.length);
  return column >= 0 && column < strata.length && row >= 0 && row < groups.length ? [row, column] : null;
}

export function render({ model, el }) {
  return openView(model, el, {
    height: 120,
    tableLabel: "Sums of the groups",
    open(view) {
      follow(view, {
        hover: (at) => {
          const cell = view.spec && cellAt(view, at);
          const { groups, strata } = view.spec ?? {};
          showTip(view, at, cell ? `${groups[cell[0]]}, ${strata[cell[1]]}: ${grouped(view.own.get("counts").values[cell[0] * strata.length + cell[1]])}` : "");
        },
      });
    },
    read(view) {
      const height = Math.min(320, Math.max(60, view.spec.groups.length * 26)) + 18;
      view.stage.style.height = `${height}px`;
    },
    draw(view) {
      const { groups, strata } = view.spec;
      const { values } = view.own.get("counts");
      const pen = begin(view);
      const most = values.reduce((a, b) => Math.max(a, b), 1);
      const [width, height] = [(view.width - LEFT - 4) / strata.length, (view.height - 18) / groups.length];
      pen.fillStyle = view.colours.raised;
      pen.fillRect(LEFT, 0, view.width - LEFT - 4, view.height - 18);
      for (let row = 0; row < groups.length; row++) {
        for (let column = 0; column < strata.length; column++) {
          const count = values[row * strata.length + column];
          if (!count) continue;
          pen.globalAlpha = 0.15 + (0.85 * count) / most;
          pen.fillStyle = view.colours.included;
          pen.fillRect(LEFT + column * width, row * height, Math.max(1, width - (width > 4 ? 1 : 0)), Math.max(1, height - (height > 4 ? 1 : 0)));
        }
        pen.globalAlpha = 1;
        if (height < 11) continue;
        pen.fillStyle = view.colours.text;
        pen.textAlign = "left";
        pen.textBaseline = "middle";
        pen.fillText(fitted(pen, groups[row], LEFT - 8), 2, (row + 0.5) * height);
      }
      pen.fillStyle = view.colours.muted;
      pen.textAlign = "left";
      pen.textBaseline = "bottom";
      pen.fillText(fitted(pen, `${strata[0]} \u2026 ${strata[strata.length - 1]}`, view.width - LEFT - 130), LEFT, view.height - 2);
      pen.textAlign = "right";
      pen.fillText(`strongest shade: ${grouped(most)}`, view.width - 4, view.height - 2);
      view.most = most;
    },
    describe(view) {
      const { groups, strata } = view.spec;
      return `${plural(groups.length, "group")} (rows) in ${plural(strata.length, "patch and band", "patches and bands")} (columns); at most ${grouped(view.most ?? 0)} members in one.`;
    },
    table(view) {
      const { groups, strata } = view.spec;
      const { values } = view.own.get("counts");
      const rows = groups.slice(0, 2000).map((name, row) => {
        const own = values.subarray(row * strata.length, (row + 1) * strata.length);
        return [name, grouped(own.filter((count) => count > 0).length), grouped(own.reduce((a, b) => Math.max(a, b), 0))];
      });
      return { heads: ["group", "patches and bands with members", "most members in one"], rows };
    },
  });
}
