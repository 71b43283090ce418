// A season's chart that one can zoom. The server thins the readings out and keeps the lowest and the highest of every stretch; a closer
// look asks for that time again. Without scripts the page has a picture of the whole season.
"use strict";

(() => {
  const place = document.querySelector("[data-curves]");
  if (!place || !window.uPlot) return;
  const all = { from: Number(place.dataset.from), to: Number(place.dataset.to) };
  const words = JSON.parse(place.dataset.words);
  const owed = Number(place.dataset.owed);
  const state = document.querySelector("[data-curves-state]");
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const dashes = [[], [6, 3], [2, 3], [10, 4, 2, 4], [1, 2], [12, 3]];
  const inks = ["--link", "--act", "--compliant", "--exempt", "--warn", "--ink"];
  let chart = null;
  let shades = [];

  const shade = (u) => {
    for (const s of shades) {
      if (s.Status !== "below" && s.Status !== "exempt" && s.Status !== "unknown") continue;
      const x = u.valToPos(s.From, "x", true);
      const width = Math.max(1, u.valToPos(s.To, "x", true) - x);
      u.ctx.globalAlpha = 0.18;
      u.ctx.fillStyle = color("--" + s.Status);
      u.ctx.fillRect(x, u.bbox.top, width, u.bbox.height);
      u.ctx.globalAlpha = 1;
    }
    const y = u.valToPos(owed, "y", true);
    u.ctx.strokeStyle = color("--below");
    u.ctx.setLineDash([4, 4]);
    u.ctx.beginPath();
    u.ctx.moveTo(u.bbox.left, y);
    u.ctx.lineTo(u.bbox.left + u.bbox.width, y);
    u.ctx.stroke();
    u.ctx.setLineDash([]);
  };

  const draw = (answer, from, to) => {
    const begun = performance.now();
    shades = answer.Shades;
    const tables = answer.Rooms.map((r) => [r.Curve.time, r.Curve.celsius]).filter((t) => t[0].length);
    const data = tables.length ? uPlot.join(tables) : [[from, to], [null, null]];
    const axis = { stroke: color("--ink"), grid: { stroke: color("--line") }, ticks: { stroke: color("--line") } };
    if (chart) chart.destroy();
    chart = new uPlot({
      width: place.clientWidth, height: Math.min(420, Math.max(260, place.clientWidth * 0.5)),
      tzDate: (t) => uPlot.tzDate(new Date(t * 1000), place.dataset.zone),
      scales: { x: { min: from, max: to } },
      axes: [axis, Object.assign({ size: 44 }, axis)],
      cursor: { drag: { x: true, y: false, setScale: false } },
      series: [{ value: "{YYYY}-{MM}-{DD} {HH}:{mm}" }].concat(answer.Rooms.filter((r) => r.Curve.time.length).map((r, i) => ({
        label: r.Room, stroke: color(inks[i % inks.length]), dash: dashes[i % dashes.length], width: 1.5, points: { show: false },
        value: (_, v) => (v == null ? "–" : v.toFixed(1) + " °C"),
      }))),
      hooks: {
        drawClear: [shade],
        setSelect: [(u) => {
          if (u.select.width > 8) show(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
        }],
      },
    }, data, place);
    place.dataset.drawn = (performance.now() - begun).toFixed(1);
    place.dataset.readings = String(answer.Rooms.reduce((n, r) => n + r.Readings, 0));
  };

  let shown = all;
  const show = async (from, to) => {
    from = Math.max(all.from, Math.floor(from));
    to = Math.min(all.to, Math.ceil(to));
    if (to - from < 3600) to = from + 3600;
    const answer = await fetch(place.dataset.curves + "?from=" + from + "&to=" + to, { headers: { Accept: "application/json" } });
    if (!answer.ok) {
      state.textContent = words.failed;
      return;
    }
    draw(await answer.json(), from, to);
    shown = { from, to };
    const day = (t) => new Date(t * 1000).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short", timeZone: place.dataset.zone });
    state.textContent = words.shown.replace("{0}", day(from)).replace("{1}", day(to));
  };

  const moves = {
    all: () => show(all.from, all.to),
    in: () => show(shown.from + (shown.to - shown.from) / 4, shown.to - (shown.to - shown.from) / 4),
    out: () => show(shown.from - (shown.to - shown.from) / 2, shown.to + (shown.to - shown.from) / 2),
    back: () => show(shown.from - (shown.to - shown.from) / 2, shown.to - (shown.to - shown.from) / 2),
    on: () => show(shown.from + (shown.to - shown.from) / 2, shown.to + (shown.to - shown.from) / 2),
  };
  const buttons = document.querySelector("[data-curves-moves]");
  buttons.hidden = false;
  buttons.addEventListener("click", (e) => {
    const move = e.target.dataset && moves[e.target.dataset.move];
    if (move) move();
  });
  addEventListener("resize", () => { if (chart) chart.setSize({ width: place.clientWidth, height: chart.height }); });
  show(all.from, all.to).then(() => { document.querySelector("[data-curves-picture]").hidden = true; });
})();
