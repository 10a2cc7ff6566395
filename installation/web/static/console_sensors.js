// The sensors' view of the console: whether each works, its signals as meters, and what a camera sees as lines.
"use strict";

(() => {
  const { make, write, share, views, state, clock } = desk;
  const SVG = "http://www.w3.org/2000/svg";
  const TRAIL = 30;

  const empty = (text) => make("p", { className: "empty" }, text);

  const sensors = make("div", { id: "sensors", className: "panel" });
  const meters = new Map();
  const sights = new Map();

  const svg = (tag, attributes = {}) => {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };

  const meterOf = (signal) => {
    const name = signal.name.split(".").slice(1).join(".");
    const bar = make("i");
    const number = make("span", { className: "number quiet" });
    const element = make(
      "div",
      { className: "meter", role: "meter", "aria-label": name, "aria-valuemin": signal.low, "aria-valuemax": signal.high, "aria-valuenow": signal.rest, title: signal.doc },
      make("span", {}, name),
      number,
      make("div", { className: "bar" }, bar),
    );
    meters.set(signal.name, { element, bar, number, signal });
    return element;
  };

  /** A camera's place as lines: outlines and directions where it draws them, and what its signals say. */
  const sightOf = (name, known) => {
    if (!known.has(`${name}.x`) || !known.has(`${name}.y`)) return [];
    const drawn = svg("svg", { class: "sight", role: "img", "aria-label": `What ${name} sees` });
    const grid = svg("path", { class: "grid" });
    const parts = { drawn, grid, others: svg("path", { class: "other" }), outlines: svg("path", { class: "outline" }), arrows: svg("path", { class: "arrow" }), trail: svg("polyline", { class: "trail" }), motion: svg("circle", { class: "motion" }), flow: svg("line", { class: "flow" }) };
    const visitors = [...known].filter((one) => one.startsWith(`${name}.visitor`) && one.endsWith("_x")).map((one) => one.slice(0, -2));
    parts.visitors = visitors.map((stem, index) => ({ stem, group: svg("g"), number: index + 1 }));
    drawn.append(grid, parts.others, parts.outlines, parts.arrows, parts.trail, parts.motion, parts.flow);
    for (const visitor of parts.visitors) {
      const number = svg("text");
      number.textContent = String(visitor.number);
      visitor.group.append(svg("circle", { class: "visitor", r: 3.5 }), number);
      drawn.append(visitor.group);
    }
    const told = make("p", { className: "quiet" });
    sights.set(name, { parts, told, path: [], high: 0 });
    return [drawn, told];
  };

  const sensorOf = ([name, kind]) => {
    const own = state.desk.signals.filter((signal) => signal.name.startsWith(`${name}.`));
    const known = new Set(own.map((signal) => signal.name));
    const levels = own.filter((signal) => !signal.pulse);
    const pulses = own.filter((signal) => signal.pulse).map((signal) => signal.name.slice(name.length + 1));
    return make(
      "section",
      { className: "card sensor", "data-sensor": name },
      make("div", { className: "head" }, make("b", {}, name), make("span", { className: "quiet" }, kind), make("span", { className: "lamp" })),
      make("p", { className: "trouble", hidden: true }),
      ...sightOf(name, known),
      make("div", { className: "meters" }, ...levels.map(meterOf)),
      pulses.length ? make("p", { className: "quiet" }, `Pulses: ${pulses.join(", ")}`) : null,
    );
  };

  const buildSensors = () => {
    meters.clear();
    sights.clear();
    const known = Object.entries(state.desk.sensors);
    sensors.replaceChildren(...(known.length ? known.map(sensorOf) : [empty("This show has no sensors.")]));
    drawSensors();
    drawSignals();
  };

  const drawSensors = () => {
    for (const card of sensors.querySelectorAll(".sensor")) {
      const told = state.sensors?.[card.dataset.sensor];
      if (!told) continue;
      const lamp = card.querySelector(".lamp");
      const times = told.attempts ? `, failed ${told.attempts} time${told.attempts > 1 ? "s" : ""}` : "";
      lamp.classList.toggle("bad", Boolean(told.trouble));
      write(lamp, told.trouble ? `failing since ${clock(told.since)}${times}` : `up${times}`);
      const trouble = card.querySelector(".trouble");
      trouble.hidden = !told.trouble;
      write(trouble, told.trouble);
    }
    const failing = Object.values(state.sensors ?? {}).some((told) => told.trouble);
    document.getElementById("tab-sensors").classList.toggle("alarm", failing);
  };

  const drawSignals = () => {
    for (const [name, { element, bar, number, signal }] of meters) {
      const value = state.signals?.[name] ?? signal.rest;
      share(bar, (value - signal.low) / (signal.high - signal.low || 1));
      write(number, value.toFixed(2));
      element.setAttribute("aria-valuenow", value);
    }
    for (const [name, sight] of sights) drawSight(name, sight);
  };

  const set = (element, values) => { for (const [key, value] of Object.entries(values)) element.setAttribute(key, value); };

  /** The drawing is 160 wide, and as high as what is looked at. */
  const reshape = (sight, high) => {
    if (sight.high === high) return;
    sight.high = high;
    set(sight.parts.drawn, { viewBox: `0 0 160 ${high}` });
    const lines = (count, line) => Array.from({ length: count }, (_, at) => line(10 * (at + 1))).join("");
    set(sight.parts.grid, { d: lines(15, (x) => `M${x} 0V${high}`) + lines(Math.ceil(high / 10) - 1, (y) => `M0 ${y}H160`) });
  };

  const drawSight = (name, sight) => {
    const { parts, path } = sight;
    const seen = state.sights?.[name];
    reshape(sight, seen ? Math.round(160 / seen.aspect) : sight.high || 90);
    drawLines(sight, seen);
    const read = (signal) => state.signals?.[`${name}.${signal}`] ?? 0;
    const [x, y, motion] = [160 * read("x"), sight.high * read("y"), read("motion")];
    if (motion > 0.01) path.push(`${x.toFixed(1)},${y.toFixed(1)}`);
    else path.shift();
    if (path.length > TRAIL) path.shift();
    parts.trail.setAttribute("points", path.join(" "));
    set(parts.motion, { cx: x, cy: y, r: 2 + 30 * Math.sqrt(motion) });
    set(parts.flow, { x1: x, y1: y, x2: x + 60 * read("flow_x"), y2: y + 60 * read("flow_y") });
    const there = Math.round(read("visitors"));
    for (const { stem, group, number } of parts.visitors) {
      const at = (axis) => state.signals?.[`${stem}_${axis}`] ?? 0.5;
      group.setAttribute("visibility", number <= there ? "visible" : "hidden");
      group.setAttribute("transform", `translate(${160 * at("x")} ${sight.high * at("y")})`);
    }
  };

  /** The outlines and arrows that the sensor itself draws; coordinates come in thousandths. */
  const drawLines = ({ parts, told, high }, seen) => {
    const at = (x, y) => `${((160 * x) / 1000).toFixed(1)} ${((high * y) / 1000).toFixed(1)}`;
    const pairs = (flat) => flat.flatMap((x, index) => (index % 2 ? [] : [at(x, flat[index + 1])]));
    const closed = (lines) => lines.map((line) => `M${pairs(line).join("L")}Z`).join("");
    set(parts.outlines, { d: closed(seen?.visitors ?? []) });
    set(parts.others, { d: closed(seen?.others ?? []) });
    set(parts.arrows, { d: (seen?.flow ?? []).map(([x, y, dx, dy]) => `M${at(x, y)}L${at(x + dx, y + dy)}`).join("") });
    write(told, seen ? "Lines only: no picture leaves the camera's process. Bright outlines are visitors, dim ones what else differs from the empty room, short strokes where it moves to. The ring is the whole motion." : "Drawn from the signals: the ring is the motion, its line the direction, the dots are visitors. Outlines come while the sensor is up.");
  };

  desk.sensors = sensors;
  views.push(
    { of: ["desk"], draw: buildSensors },
    { of: ["sensors", "desk"], draw: drawSensors },
    { of: ["signals", "sights", "desk"], draw: drawSignals },
  );
})();
