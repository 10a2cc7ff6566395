// The views beside the wall: pieces, cues, votes, the day, health, and the tabs of all. Only the one that is open is drawn.
"use strict";

(() => {
  const { make, write, send, tell, say, views, state, label, title, clock } = desk;
  const share = desk.share;
  const empty = (text) => make("p", { className: "empty" }, text);

  // ---------------------------------------------------------------- pieces

  const pieces = make("div", { id: "pieces", className: "panel" });

  const poster = (piece) =>
    piece.poster
      ? make("img", { src: `/poster/${encodeURIComponent(piece.name)}?width=160`, alt: "", loading: "lazy" })
      : make("span", { className: "blank", "aria-hidden": "true" }, piece.title.slice(0, 1));

  const buildPieces = () => {
    const commands = state.desk.commands.filter((command) => command.type === "choice");
    const known = new Map(state.show.pieces.map((piece) => [piece.name, piece]));
    pieces.replaceChildren(
      ...commands.map((command) =>
        make(
          "ul",
          { className: "pieces", "aria-label": command.doc },
          ...command.choices.map((name) => pieceOf(command, known.get(name) ?? { name, title: name })),
        ),
      ),
    );
    drawPieces();
  };

  const pieceOf = (command, piece) =>
    make(
      "li",
      {},
      make(
        "button",
        { "data-piece": piece.name, onclick: () => send(command.address, piece.name) },
        poster(piece),
        make("span", {}, make("b", {}, piece.title), make("small", {})),
      ),
    );

  const drawPieces = () => {
    if (!state.now) return;
    for (const button of pieces.querySelectorAll("button")) {
      const name = button.dataset.piece;
      const here = name === state.now.piece;
      button.setAttribute("aria-pressed", String(here));
      write(button.querySelector("small"), here ? "on the wall" : name === state.now.coming ? "coming" : "");
    }
  };

  // ---------------------------------------------------------------- cues

  const cues = make("div", { id: "cues", className: "panel" });

  const targets = (cue) => {
    const shown = (value) => (typeof value === "number" ? Math.round(1000 * value) / 1000 : value);
    return Object.entries(cue.targets).map(([address, value]) => `${address.slice(1)} → ${shown(value)}`).sort().join(", ");
  };

  const lasting = (seconds) => (seconds < 60 ? `${seconds} s` : clock(seconds));

  const about = (cue) => {
    const words = [cue.wait ? `waits ${lasting(cue.wait)}` : "", cue.fade ? `fades in ${lasting(cue.fade)}` : "switches at once"];
    if (cue.then.length) words.push(`then ${cue.then.join(", ")}`);
    return words.filter(Boolean).join(" · ");
  };

  /** A cue of the cue file: its fade and its place may be changed. */
  const toolsOf = (cue) => {
    const fade = make("input", { type: "number", min: 0, max: 86400, step: 0.1, value: cue.fade, "aria-label": `Fade of ${cue.name} in seconds` });
    fade.addEventListener("change", () => {
      if (fade.value !== "" && fade.checkValidity()) return tell({ cue: cue.name, fade: Number(fade.value), steps: 0 });
      say(`The fade of ${cue.name} stays ${cue.fade} s. ${fade.validationMessage || "Expected a number of seconds."}`);
      fade.value = cue.fade;
    });
    const own = state.desk.cues.filter((one) => one.kept);
    const step = (steps, sign, words) =>
      make("button", { "aria-label": `Move ${cue.name} ${words}`, disabled: cue === own.at(steps < 0 ? 0 : -1), onclick: () => tell({ cue: cue.name, fade: null, steps }) }, sign);
    return cue.kept ? [make("label", { className: "fade" }, "fade", fade, "s"), step(-1, "↑", "up"), step(1, "↓", "down")] : [];
  };

  const keep = () => {
    const name = make("input", { type: "text", maxLength: 64, placeholder: "Name", "aria-label": "Name of the new cue", autocomplete: "off" });
    const form = make("form", { className: "find" }, name, make("button", {}, "Keep the present as a cue"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(state.desk.snapshot, name.value.trim() || 1, "asked to keep the present");
      name.value = "";
    });
    return form;
  };

  const cueOf = (cue) =>
    make(
      "li",
      { className: "card cue", "data-cue": cue.name },
      make("div", {}, make("b", {}, cue.name), " ", make("small", { className: "eyebrow" }), make("p", { className: "quiet" }, about(cue)), make("p", { className: "quiet" }, targets(cue))),
      make("div", { className: "tools" }, ...toolsOf(cue), make("button", { onclick: () => send(`/cue/${cue.name}`, 1), "aria-label": `Fire ${cue.name}` }, "Fire")),
    );

  const buildCues = () => {
    const known = state.desk.cues;
    const list = known.length ? make("ol", { className: "rows" }, ...known.map(cueOf)) : empty("This show has no cues yet.");
    const at = cues.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
    cues.replaceChildren(...(state.desk.snapshot ? [keep()] : []), list);
    const again = [...cues.querySelectorAll("[aria-label]")].find((one) => one.getAttribute("aria-label") === at);
    // Whoever moves a cue by keyboard may go on, at the end of the list with its other button.
    (again?.disabled ? again.parentElement.querySelector("button:enabled") : again)?.focus();
    drawCues();
  };

  const drawCues = () => {
    if (!state.cues) return;
    for (const card of cues.querySelectorAll(".cue")) {
      const waits = state.cues.waiting[card.dataset.cue];
      const next = card.dataset.cue === state.cues.standby;
      card.classList.toggle("standby", next);
      write(card.querySelector("small"), waits !== undefined ? `in ${clock(waits)}` : next ? "GO fires this one" : "");
    }
  };

  // ---------------------------------------------------------------- votes

  const votes = make("div", { id: "votes", className: "panel" });

  const drawVotes = () => {
    const told = state.votes;
    const total = Object.values(told.counts).reduce((sum, count) => sum + count, 0);
    const left = told.left === null ? "" : `, closes in ${clock(told.left)}`;
    const head = told.open ? `Round ${told.round} is open${left}` : "No round is open";
    const rows = Object.entries(told.counts).map(([name, count]) => {
      const bar = make("i");
      share(bar, total ? count / total : 0);
      return make("li", {}, make("span", {}, title(name)), make("b", { className: "number" }, String(count)), make("div", { className: "bar" }, bar));
    });
    const phones = `${told.phones} phone${told.phones === 1 ? "" : "s"} on the page, ${total} vote${total === 1 ? "" : "s"}`;
    votes.replaceChildren(
      make("div", { className: "card" }, make("h3", {}, head), make("p", { className: "quiet" }, phones), make("ul", { className: "votes" }, ...rows)),
    );
  };

  // ---------------------------------------------------------------- the day

  const today = make("div", { id: "today", className: "panel" });
  const hour = (iso) => iso.slice(11, 16);

  const LISTED = 12;

  const listed = (names) => {
    const shown = names.slice(0, LISTED).map(title).join(", ");
    return names.length > LISTED ? `${shown} and ${names.length - LISTED} more` : shown;
  };

  const dueOf = (due, now) => {
    const present = due.cue === null && due.start <= now && now < due.end;
    const ends = hour(due.end) === "00:00" ? "24:00" : hour(due.end);
    const when = due.cue === null ? `${hour(due.start)}–${ends}` : hour(due.start);
    const what = due.cue !== null ? `cue ${due.cue}` : due.programme ?? "closed";
    return make("li", { className: present ? "present" : "" }, make("span", { className: "number" }, when), make("b", {}, what), due.pieces.length ? make("small", {}, listed(due.pieces)) : null);
  };

  const reports = make("section", {}, make("h3", {}, "reports of past days"), make("ul", { className: "days" }));

  const drawReports = () => {
    const link = (day) => make("li", {}, make("a", { href: `/console/reports/${day}.html`, target: "_blank" }, day));
    const none = make("li", { className: "quiet" }, "A report is written when the exhibition closes, or at midnight. There is none yet.");
    reports.querySelector("ul").replaceChildren(...(state.days.length ? state.days.map(link) : [none]));
  };

  let drawn = "";

  const drawToday = (_, names) => {
    const now = state.now?.civil ?? "";
    if (!names.has("agenda") && drawn === now.slice(0, 16)) return;
    drawn = now.slice(0, 16);
    today.replaceChildren(make("h3", {}, state.agenda.day), make("ol", { className: "day" }, ...state.agenda.entries.map((due) => dueOf(due, now))), reports);
  };

  // ---------------------------------------------------------------- health

  const health = make("div", { id: "health", className: "panel" });
  const told = make("ul", { className: "told" });
  const numbers = make("dl", { className: "numbers" });
  const surfaces = make("div", { className: "codes" });
  const examine = make("button", { onclick: () => tell({ doctor: true }) }, "Look at this machine");
  const found = make("ul", { className: "told findings" });
  const machine = make("section", {}, make("h3", {}, "machine"), examine, make("p", { className: "quiet", role: "status" }), found);
  const log = make("ol", { className: "log", tabIndex: 0, "aria-label": "The log, the newest line first" });
  health.append(
    make("section", {}, make("h3", {}, "standing"), told),
    make("section", {}, make("h3", {}, "numbers"), numbers),
    make("section", {}, make("h3", {}, "log"), log),
    machine,
    make("section", {}, make("h3", {}, "surfaces"), surfaces),
  );

  /** The codes that a tablet and a phone scan to be given the show's layout for TouchOSC. */
  const drawSurfaces = () => {
    const { url, near } = state.show;
    if (surfaces.dataset.url === url) return;
    surfaces.dataset.url = url;
    const code = (size) =>
      make(
        "figure",
        { className: "code" },
        make("img", { src: `/console/code-${size}.svg`, alt: `QR code of the layout for a ${size}`, loading: "lazy", width: 180, height: 180 }),
        make("figcaption", { className: "quiet" }, `TouchOSC on a ${size}`),
      );
    const away = `Only this machine reaches ${url}: with bind = "0.0.0.0" under [web], a tablet is given its layout by a code here.`;
    surfaces.replaceChildren(...(near ? [make("p", { className: "quiet" }, away)] : [code("tablet"), code("phone")]));
  };

  const worded = (value) => (value === null ? "–" : typeof value === "boolean" ? (value ? "yes" : "no") : String(value));

  const drawHealth = () => {
    const { reasons, notes } = state.health;
    const lines = [...reasons.map((text) => ["bad", text]), ...notes.map((text) => ["", text])];
    if (!reasons.length) lines.unshift(["", "All is well."]);
    const written = JSON.stringify(lines);
    if (told.dataset.lines !== written) {
      told.dataset.lines = written;
      told.replaceChildren(...lines.map(([kind, text]) => make("li", { className: kind }, text)));
    }
    numbers.replaceChildren(
      ...Object.entries(state.health.numbers).map(([name, value]) =>
        make("div", {}, make("dt", {}, label(name)), make("dd", {}, worded(value))),
      ),
    );
    document.getElementById("tab-health").classList.toggle("alarm", reasons.length > 0);
  };

  const worst = ["red", "amber", "untold", "green"];
  const findingOf = ({ subject, light, found, advice }) =>
    make("li", { className: light === "red" ? "bad" : light }, make("b", {}, subject), ` ${found}`, advice ? make("small", {}, advice) : null);

  /** What the program's doctor found on the machine of the show: what is to be done first. */
  const drawMachine = () => {
    const { works, at, findings, fault } = state.doctor;
    const asked = "disk, memory, sleep, updates, clock, cables and cards, as in the terminal: doctor";
    const count = findings.filter(({ light }) => light === "red" || light === "amber").length;
    const done = fault ? `It failed: ${fault}` : `${count} of ${findings.length} to look at, at ${at.slice(11, 16)}`;
    examine.disabled = works;
    write(machine.querySelector("p"), works ? "This takes some seconds …" : at ? done : asked);
    found.replaceChildren(...[...findings].sort((one, other) => worst.indexOf(one.light) - worst.indexOf(other.light)).map(findingOf));
  };

  const drawLog = () => {
    log.replaceChildren(
      ...[...state.log].reverse().map((line) => make("li", { className: line.level }, make("time", {}, line.time.slice(11, 19)), make("span", {}, line.message))),
    );
  };

  // ---------------------------------------------------------------- tabs

  const tabs = document.getElementById("tabs");
  const panels = { pieces, controls: desk.controls, cues, sensors: desk.sensors, votes, today, health };

  const choose = (name, focus = false) => {
    for (const [other, panel] of Object.entries(panels)) {
      const tab = document.getElementById(`tab-${other}`);
      tab.setAttribute("aria-selected", String(other === name));
      tab.tabIndex = other === name ? 0 : -1;
      panel.hidden = other !== name;
      if (other === name && focus) tab.focus();
    }
    history.replaceState(null, "", `#/${name}`); // no element has that name: the page stays at its top
    if (name === "controls" && state.values) desk.redrawControls();
  };

  /** Where the views stand below the wall, one that is asked for comes up. */
  const show = (name, focus = false) => {
    choose(name, focus);
    const work = document.getElementById("work");
    if (getComputedStyle(tabs).position === "sticky") work.scrollIntoView();
  };

  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 };
  tabs.addEventListener("keydown", (event) => {
    const names = Object.keys(panels);
    const at = names.findIndex((name) => !panels[name].hidden);
    let to = null;
    if (event.key in steps) to = (at + steps[event.key] + names.length) % names.length;
    if (event.key === "Home") to = 0;
    if (event.key === "End") to = names.length - 1;
    if (to === null) return;
    event.preventDefault();
    show(names[to], true);
  });

  for (const [name, panel] of Object.entries(panels)) {
    tabs.append(make("button", { id: `tab-${name}`, role: "tab", "aria-controls": name, onclick: () => show(name) }, name));
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    document.getElementById("panels").append(panel);
  }
  const first = location.hash.slice(2);
  choose(first in panels ? first : "pieces");

  views.push(
    { of: ["desk", "show"], draw: buildPieces },
    { of: ["now", "desk"], draw: drawPieces },
    { of: ["desk"], draw: buildCues },
    { of: ["cues", "desk"], draw: drawCues },
    { of: ["votes", "show"], draw: drawVotes },
    { of: ["agenda", "show", "now"], draw: drawToday },
    { of: ["health"], draw: drawHealth },
    { of: ["log"], draw: drawLog },
    { of: ["days"], draw: drawReports },
    { of: ["doctor"], draw: drawMachine },
    { of: ["show"], draw: drawSurfaces },
  );
})();
