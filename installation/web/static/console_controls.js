// Every control of the show: its value, who has it and why; moved by touch, pointer or keyboard.
"use strict";

(() => {
  const { make, write, send, views, state, label } = desk;
  const PACE = 33;
  const FINGER = 600;
  const rows = new Map();

  const shown = (control, value) => {
    if (value === undefined) return "–";
    if (control.type === "choice") return control.choices[Math.round(value)] ?? "";
    if (control.type === "bool") return value >= 0.5 ? "on" : "off";
    const number = control.type === "int" ? String(Math.round(value)) : value.toFixed(2);
    return control.unit ? `${number} ${control.unit}` : number;
  };

  /** At most thirty values a second; the last one always. */
  const paced = (address) => {
    let wanted = null;
    let timer = null;
    const flush = () => {
      timer = null;
      if (wanted === null) return;
      send(address, wanted);
      wanted = null;
      timer = setTimeout(flush, PACE);
    };
    return (value) => {
      wanted = value;
      if (timer === null) flush();
    };
  };

  const range = (control, id) => {
    const step = control.type === "int" ? 1 : (control.high - control.low) / 200;
    return make("input", { type: "range", id, min: control.low, max: control.high, step });
  };

  const choice = (control, id) =>
    make("select", { id }, ...control.choices.map((name, index) => make("option", { value: index }, name)));

  const inputOf = (control, id) => {
    if (control.type === "bool") return make("input", { type: "checkbox", id });
    if (control.type === "pulse") return make("button", { id }, label(control.address));
    return control.type === "choice" ? choice(control, id) : range(control, id);
  };

  const read = (row) => (row.control.type === "bool" ? row.input.checked : Number(row.input.value));

  const put = (row, value) => {
    if (row.control.type === "bool") row.input.checked = value >= 0.5;
    else row.input.value = row.control.type === "choice" ? Math.round(value) : value;
    fill(row);
  };

  const fill = (row) => {
    if (row.input.type !== "range") return;
    const { low, high } = row.control;
    row.input.style.setProperty("--share", `${(100 * (Number(row.input.value) - low)) / (high - low || 1)}%`);
  };

  const nameOf = (control) => control.address.split("/").slice(2).join(" ").replaceAll("_", " ");

  /** A control as a row. ``place`` makes its ids its own: the master stands on the page twice. */
  const rowOf = (control, place, name = nameOf(control)) => {
    const id = `${place}${control.address.replaceAll("/", "-")}`;
    const input = inputOf(control, id);
    const row = { control, input, touched: -FINGER, down: false };
    row.output = make("output", { htmlFor: id }, "–");
    row.hand = make("span", { className: "hand" });
    row.why = make("span", { className: "why" });
    row.release = make("button", { className: "quiet", hidden: true, onclick: () => send(control.address, null) }, "Release");
    row.release.setAttribute("aria-label", `Release ${label(control.address)}`);
    row.foot = make("div", { className: "foot", hidden: true }, row.why, row.release);
    row.element = make(
      "div",
      { className: "row" },
      control.type === "pulse" ? make("span", { className: "name" }, name) : make("label", { htmlFor: id }, name),
      row.hand,
      row.output,
      make("span", { className: "doc" }, control.doc),
      make("div", { className: "input" }, input),
      row.foot,
    );
    listen(row);
    return row;
  };

  const listen = (row) => {
    const say = paced(row.control.address);
    const moved = () => {
      row.touched = performance.now();
      write(row.output, shown(row.control, Number(read(row))));
      fill(row);
      say(read(row));
    };
    if (row.control.type === "pulse") row.input.addEventListener("click", () => send(row.control.address, 1));
    else row.input.addEventListener("input", moved);
    row.input.addEventListener("pointerdown", () => { row.down = true; });
    for (const name of ["pointerup", "pointercancel", "blur"]) row.input.addEventListener(name, () => { row.down = false; });
  };

  const drawRow = (row) => {
    const { address } = row.control;
    const value = state.values[address];
    row.element.classList.toggle("away", value === undefined && row.control.type !== "pulse");
    const hand = state.hands[address] || "";
    write(row.hand, hand || "not in this piece");
    row.hand.dataset.hand = hand;
    row.hand.hidden = row.control.type === "pulse";
    row.release.hidden = hand !== "operator";
    const why = state.why?.[address] ?? "";
    if (!row.told?.hand || hand === row.told.hand || why !== row.told.why) row.told = { hand, why };
    write(row.why, hand === "rest" || hand !== row.told.hand ? "" : why); // of the hand before is no reason of this one's
    row.foot.hidden = row.release.hidden && !row.why.textContent;
    if (value === undefined || row.down || performance.now() - row.touched < FINGER) return;
    write(row.output, shown(row.control, value));
    if (document.activeElement !== row.input || row.input.type === "range") put(row, value);
  };

  // ---------------------------------------------------------------- the view

  const list = make("div", { id: "controls", className: "panel" });
  const search = make("input", { type: "search", id: "find", placeholder: "Find a control", "aria-label": "Find a control" });
  const all = make("input", { type: "checkbox", id: "all" });
  const groups = make("div", { className: "panel" });
  list.append(
    make("div", { className: "find" }, search, make("label", { htmlFor: "all" }, all, "also those of other pieces")),
    groups,
  );

  const build = () => {
    rows.clear();
    const rooms = new Map();
    for (const control of state.desk.controls) {
      const room = control.address.split("/")[1];
      if (!rooms.has(room)) rooms.set(room, []);
      const row = rowOf(control, "c");
      rows.set(control.address, [row]);
      rooms.get(room).push(row.element);
    }
    groups.replaceChildren(
      ...[...rooms].map(([room, elements]) =>
        make("section", {}, make("h3", {}, room), make("div", { className: "rows" }, ...elements)),
      ),
    );
    buildMaster();
  };

  const buildMaster = () => {
    const control = state.desk.controls.find((one) => one.address === state.desk.master);
    if (!control) return;
    const row = rowOf(control, "m", "master");
    rows.get(control.address).push(row);
    document.getElementById("master").replaceChildren(row.element);
  };

  const sift = () => {
    const wanted = search.value.trim().toLowerCase();
    for (const [row] of rows.values()) {
      const { address, doc, type } = row.control;
      const there = all.checked || state.values?.[address] !== undefined || type === "pulse";
      row.element.hidden = !there || !`${address} ${doc}`.toLowerCase().includes(wanted);
    }
    for (const group of groups.children) group.hidden = !group.querySelector(".row:not([hidden])");
  };

  search.addEventListener("input", sift);
  all.addEventListener("change", sift);

  const drawValues = (_, names) => {
    const known = [...rows.values()].flat();
    for (const row of known) if (row.element.offsetParent !== null || names.has("desk")) drawRow(row);
    if (names.has("values")) sift();
  };

  desk.controls = list;
  desk.redrawControls = () => { for (const row of [...rows.values()].flat()) drawRow(row); };
  views.push(
    { of: ["desk"], draw: build },
    { of: ["values", "hands", "why"], draw: drawValues },
  );
})();
