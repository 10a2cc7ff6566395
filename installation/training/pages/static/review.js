import { $, act, ask, attempt, make, say, step, typing } from "./common.js";

const PAGE = 120;
const KINDS = { rule: "a rule", native: "too little detail", blur: "blurred", monochrome: "monochrome", border: "a border", corner: "a cut corner", duplicate: "a copy" };
const FILTERS = {
  all: ["All", () => true],
  kept: ["Kept", (card) => card.keep !== "no"],
  dropped: ["Dropped", (card) => card.keep === "no"],
  copies: ["Copies", (card) => groups.has(card.name)],
  hand: ["By hand", (card) => card.who && card.who !== "screen"],
};

let cards = []; // as the server has them, by index
let groups = new Map(); // {name of a picture: the name of the one that stays of its copies}
let shown = []; // indices that the filters let through; stays as it is while decisions are made
let filter = "dropped";
let page = 0;
let active = 0; // place in what is on this page

// ---- what is shown

function twinOf(card) {
  return card.reasons.find((reason) => reason.twin)?.twin;
}

function findGroups() {
  groups = new Map();
  for (const card of cards) {
    const twin = twinOf(card);
    if (twin) groups.set(card.name, twin).set(twin, twin);
  }
}

function refilter() {
  const reason = $("#reason").value;
  const fits = FILTERS[filter][1];
  shown = cards.filter((card) => fits(card) && (!reason || card.reasons.some((each) => each.kind === reason))).map((card) => card.index);
  if (filter === "copies") shown.sort((a, b) => order(cards[a]).localeCompare(order(cards[b])));
  page = active = 0;
  draw();
}

/** Copies sort together, behind the one that stays. */
function order(card) {
  const first = groups.get(card.name) ?? card.name;
  return `${first}\n${card.name === first ? "" : card.name}`;
}

function draw(focus = false) {
  const pages = Math.max(1, Math.ceil(shown.length / PAGE));
  page = Math.min(Math.max(page, 0), pages - 1);
  const here = shown.slice(page * PAGE, (page + 1) * PAGE).map((index) => element(cards[index]));
  const grid = $("#grid");
  grid.classList.toggle("groups", filter === "copies");
  grid.classList.toggle("mixed", filter === "all" || filter === "hand");
  grid.replaceChildren(...(filter === "copies" ? grouped(here) : here));
  $("#empty").hidden = shown.length > 0;
  $("#place").textContent = `${page + 1} of ${pages}`;
  $("#back").disabled = page === 0;
  $("#on").disabled = page === pages - 1;
  count();
  activate(Math.min(active, here.length - 1), focus);
}

function grouped(elements) {
  const boxes = new Map();
  for (const each of elements) {
    const first = groups.get(cards[each.dataset.index].name);
    if (!boxes.has(first)) boxes.set(first, make("div", { className: "group", role: "group", "aria-label": `copies of ${first}` }));
    boxes.get(first).append(each);
  }
  return [...boxes.values()];
}

function element(card) {
  const button = (keep, words) => make("button", {
    type: "button", tabIndex: -1, textContent: words, "aria-pressed": String(card.keep === keep),
    onclick: (event) => { event.stopPropagation(); decide(card.index, keep); },
  });
  const found = make("article", { className: "card", tabIndex: -1, role: "listitem", dataset: { index: card.index, keep: card.keep || "yes" } },
    make("img", { src: `picture?index=${card.index}`, loading: "lazy", decoding: "async", alt: "", width: 160, height: 160 }),
    make("p", { className: "name", title: card.name, textContent: short(card.name) }),
    make("p", { className: "mark" }, make("span", {}, verdict(card))),
    make("small", { className: "why", textContent: card.why }),
    make("div", { className: "quick" }, button("yes", "Keep"), button("no", "Drop")));
  found.setAttribute("aria-label", `${short(card.name)}: ${verdict(card)}${card.why ? `, ${card.why}` : ""}`);
  found.onclick = () => { activate(places().indexOf(found), true); enlarge(card.index); };
  found.onfocus = () => { if (active !== places().indexOf(found)) activate(places().indexOf(found)); };
  return found;
}

const short = (name) => name.split("/").at(-1);
const verdict = (card) => `${card.keep === "no" ? "dropped" : "kept"}${card.who && card.who !== "screen" ? ` by ${card.who}` : ""}`;
const places = () => [...document.querySelectorAll("#grid .card")];

function activate(place, focus = false) {
  const all = places();
  all.forEach((card, index) => { card.tabIndex = index === place ? 0 : -1; });
  active = Math.max(0, place);
  if (focus && all[active]) all[active].focus();
}

function count() {
  for (const [name, [, fits]] of Object.entries(FILTERS)) {
    $(`#filters [value=${name}] b`).textContent = cards.filter(fits).length;
  }
}

// ---- what is decided

function hasName() {
  const who = $("#who");
  if (who.value.trim()) return true;
  who.classList.add("asked");
  if ($("#large").open) $("#large").close();
  who.focus();
  say("Write your name first: the ledger says who decided.", true);
  return false;
}

async function decide(index, keep, quietly = false) {
  if (!hasName()) return false;
  const done = await attempt(() => act("decide", { index, keep, who: $("#who").value, why: $("#why").value }));
  if (done) {
    refresh(done.card);
    if (!quietly) say(`${short(done.card.name)} is ${done.card.keep === "no" ? "dropped" : "kept"}. Saved.`);
  }
  return Boolean(done);
}

async function undo() {
  const done = await attempt(() => act("undo"));
  if (!done) return;
  if (!done.card) { say("There is nothing to take back."); return; }
  refresh(done.card);
  const at = shown.indexOf(done.card.index);
  if (at >= 0) { page = Math.floor(at / PAGE); active = at % PAGE; draw(!$("#large").open); }
  say(`${short(done.card.name)} is as it was before: ${verdict(done.card)}.`);
}

function refresh(card) {
  cards[card.index] = card;
  const old = $(`#grid .card[data-index="${card.index}"]`);
  if (old) {
    const held = old.contains(document.activeElement);
    const place = places().indexOf(old);
    old.replaceWith(element(card));
    activate(place === active ? place : active, held);
  }
  count();
  if ($("#large").open) enlarge(Number($("#large").dataset.index));
}

/** The focus goes on at once, so that two quick keys decide about two pictures. */
function decideHere(keep) {
  const card = places()[active];
  if (!card || !hasName()) return;
  move(active + 1);
  decide(Number(card.dataset.index), keep);
}

function move(to) {
  if (to >= places().length && page < Math.ceil(shown.length / PAGE) - 1) { page += 1; active = 0; draw(true); return; }
  activate(Math.min(Math.max(to, 0), places().length - 1), true);
}

// ---- the large view

function enlarge(index) {
  const card = cards[index];
  const dialog = $("#large");
  const twin = cards.find((each) => each.name === twinOf(card));
  dialog.dataset.index = index;
  $("#large-name").textContent = card.name;
  const figure = (each, words) => make("figure", {},
    make("img", { src: `picture?index=${each.index}`, alt: "" }), make("figcaption", { textContent: words }));
  $("#large-pictures").replaceChildren(
    figure(card, verdict(card)), ...(twin ? [figure(twin, `${short(twin.name)}: ${verdict(twin)}`)] : []));
  const measured = card.reasons.map((reason) => reason.says).join("; ");
  const facts = { ...card.told, why: card.why, measured: measured === card.why ? "" : measured, when: card.when };
  $("#large-facts").replaceChildren(...Object.entries(facts).filter(([, value]) => value).flatMap(
    ([key, value]) => [make("dt", { textContent: key }), make("dd", { textContent: value })]));
  $("#large-keep").setAttribute("aria-pressed", String(card.keep !== "no"));
  $("#large-drop").setAttribute("aria-pressed", String(card.keep === "no"));
  $("#large-swap").hidden = !twin;
  if (!dialog.open) dialog.showModal();
}

const enlarged = () => Number($("#large").dataset.index);

async function swap() {
  const card = cards[enlarged()];
  const twin = cards.find((each) => each.name === twinOf(card));
  if (twin && await decide(twin.index, "no", true) && await decide(card.index, "yes", true)) {
    say(`${short(card.name)} is kept instead of ${short(twin.name)}. Saved.`);
  }
}

// ---- keys and buttons

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || typing()) return;
  const large = $("#large").open;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const to = large ? null : step(places(), active, key);
  const keys = {
    k: () => (large ? decide(enlarged(), "yes") : decideHere("yes")),
    d: () => (large ? decide(enlarged(), "no") : decideHere("no")),
    s: () => large && swap(),
    u: undo,
  };
  if (key in keys) keys[key]();
  else if (large && (key === "ArrowLeft" || key === "ArrowRight")) browse(key === "ArrowRight" ? 1 : -1);
  else if (to !== null) activate(to, true);
  else if (key === "PageDown" || key === "PageUp") turn(key === "PageDown" ? 1 : -1);
  else if (key === "Enter" && document.activeElement?.classList.contains("card")) enlarge(Number(document.activeElement.dataset.index));
  else return;
  event.preventDefault();
}

function browse(by) {
  activate(Math.min(Math.max(active + by, 0), places().length - 1));
  enlarge(Number(places()[active].dataset.index));
}

function turn(by) {
  page += by;
  active = 0;
  draw(true);
  scrollTo(0, 0);
}

function arrange() {
  $("#filters").replaceChildren(...Object.entries(FILTERS).map(([name, [words]]) => make("button", {
    type: "button", value: name, "aria-pressed": String(name === filter), onclick: () => choose(name),
  }, words, make("b"))));
  const kinds = Object.keys(KINDS).filter((kind) => cards.some((card) => card.reasons.some((reason) => reason.kind === kind)));
  $("#reason").replaceChildren(make("option", { value: "", textContent: "any" }),
    ...kinds.map((kind) => make("option", { value: kind, textContent: KINDS[kind] })));
}

function choose(name) {
  filter = name;
  document.querySelectorAll("#filters button").forEach((each) => each.setAttribute("aria-pressed", String(each.value === name)));
  refilter();
}

async function start() {
  const state = await attempt(() => ask("state"));
  if (!state) return;
  cards = state.pictures;
  $("#title").textContent = state.folder;
  document.title = `Review: ${state.folder}`;
  $("#who").value = state.who;
  findGroups();
  if (!cards.some((card) => card.keep === "no")) filter = "all";
  arrange();
  refilter();
  say("Every decision is saved in the ledger at once.");
}

document.addEventListener("keydown", onKey);
$("#reason").onchange = refilter;
$("#back").onclick = () => turn(-1);
$("#on").onclick = () => turn(1);
$("#who").oninput = () => $("#who").classList.remove("asked");
$("#large-keep").onclick = () => decide(enlarged(), "yes");
$("#large-drop").onclick = () => decide(enlarged(), "no");
$("#large-swap").onclick = swap;
$("#large-close").onclick = () => $("#large").close();
$("#large").onclose = () => { if (!typing()) activate(active, true); }; // told late: who was asked for a name may be typing it
start();
