import { $, act, ask, attempt, make, say, step, typing } from "./common.js";

const PAGE = 48;
const LAST = 2 ** 31 - 1;
const QUIET = 250; // milliseconds that a slider rests before anything is painted anew

let state = null; // as the server has it
let seeds = []; // [{key, inside}] of this page
let start = 0; // the first of them
let wanted = { start }; // the page of seeds that was asked for last; its answer may be on its way
let psi = 0.7;
let label = 0; // which of the model's classes is painted
let active = 0; // place among this page's seeds
let near = null; // {key, drops} while neighbours are shown
let naming = null; // key of the favourite that is being named

const painting = (key) => ({ key, psi: psi.toFixed(2), class: label });
const picture = (key) => `picture?${new URLSearchParams(painting(key))}`;
const favourite = (key) => state.favourites.find((each) => each.key === key);
const blocked = (key) => state.blocked.find((each) => each.key === key);
const cardsOf = (list) => [...document.querySelectorAll(`${list} .card`)];
const plain = (key) => (key.startsWith("s") ? `seed ${key.slice(1)}` : "this neighbour");
const called = (key) => favourite(key)?.name ?? blocked(key)?.name ?? plain(key);

function later(work) {
  let timer = 0;
  return () => { clearTimeout(timer); timer = setTimeout(work, QUIET); };
}

// ---- what is shown

function image(key) {
  return make("img", { src: picture(key), alt: "", loading: "lazy", decoding: "async", draggable: false, dataset: { key } });
}

function repaint() {
  for (const each of document.querySelectorAll("img[data-key]")) each.src = picture(each.dataset.key);
  judgeEyes();
}

function quick(...choices) {
  return make("div", { className: "quick" }, ...choices.map(([words, work, told]) => make("button", {
    type: "button", tabIndex: -1, textContent: words, title: told, "aria-label": told,
    onclick: (event) => { event.stopPropagation(); work(); },
  })));
}

function drawAll(told) {
  if (!told) return;
  state = told;
  drawFavourites();
  drawBlocked();
  drawSeeds();
  $("#undo").disabled = state.undo === 0;
  judgeEyes();
}

// ---- eyes: what the judge of faces says, one picture after the other, favourites first

const judged = new Map(); // words by what was judged: a key at a psi, of a class
let judging = 0; // a number for each time that the page is gone through; a newer one ends an older

async function judgeEyes() {
  if (!state?.eyes) return;
  const turn = ++judging;
  const cards = [...cardsOf("#favourites"), ...cardsOf("#seeds")];
  for (const card of cards) card.dataset.eyes = judged.get(asJudged(card)) ?? "";
  for (const card of cards) {
    const name = asJudged(card);
    if (!judged.has(name)) {
      const told = await attempt(() => ask("eyes", painting(card.dataset.key)));
      if (!told || turn !== judging) return;
      judged.set(name, told.words);
    }
    card.dataset.eyes = judged.get(name);
  }
}

const asJudged = (card) => `${card.dataset.key} ${psi.toFixed(2)} ${label}`;

function drawFavourites() {
  const held = document.activeElement?.closest("#favourites .card")?.dataset.key;
  $("#favourites").replaceChildren(...state.favourites.map((each) => {
    const card = make("li", { className: "card", tabIndex: 0, draggable: true, dataset: { key: each.key, inside: each.inside } },
      image(each.key), make("p", { className: "name", textContent: each.name }),
      each.inside ? make("small", { className: "why", textContent: `inside ${each.inside}, never shown` }) : null,
      quick(["✎", () => rename(each.key), "Name"], ["…", () => openNear(each.key, false), "More like this"], ["×", () => forget(each.key), "Forget"]));
    card.ondblclick = () => rename(each.key);
    return card;
  }));
  $("#favourites-says").textContent = state.favourites.length ? `${state.favourites.length}, in the order of the walk: drag them, or press [ and ]` : "";
  $("#favourites-empty").hidden = state.favourites.length > 0;
  if (held) focusFavourite(held);
}

function focusFavourite(key) {
  cardsOf("#favourites").find((card) => card.dataset.key === key)?.focus();
}

function drawBlocked() {
  $("#blocked-part").hidden = state.blocked.length === 0;
  $("#blocked").replaceChildren(...state.blocked.map((each) => make("li", { className: "card", tabIndex: 0, dataset: { key: each.key, is: "blocked" } },
    image(each.key), make("p", { className: "name", textContent: each.name }),
    make("small", { className: "why", textContent: `radius ${(each.radius / state.radius).toFixed(2)} × the usual` }),
    quick(["×", () => forget(each.key), "Block no more"]))));
}

function drawSeeds() {
  const held = document.activeElement?.closest("#seeds .card") !== null;
  const old = new Map(cardsOf("#seeds").map((card) => [card.dataset.key, card.querySelector("img")]));
  $("#seeds").replaceChildren(...seeds.map((each) => {
    const is = favourite(each.key) ? "favourite" : blocked(each.key) || each.inside ? "blocked" : "";
    const mark = { favourite: "kept", blocked: "blocked", "": "" }[is];
    const card = make("article", { className: "card", tabIndex: -1, role: "listitem", dataset: { key: each.key, is, inside: each.inside } },
      old.get(each.key) ?? image(each.key), make("p", { className: "name", textContent: each.key.slice(1) }),
      mark ? make("span", { className: "mark", textContent: mark }) : null,
      quick(["Keep", () => keep(each.key), "Keep as a favourite"], ["Drop", () => openNear(each.key, true), "Drop: block it"]));
    card.setAttribute("aria-label", `seed ${each.key.slice(1)}${mark ? `, ${mark}` : ""}${each.inside ? ` by ${each.inside}` : ""}`);
    card.onfocus = () => { active = cardsOf("#seeds").indexOf(card); activate(active); };
    card.onclick = () => card.focus();
    card.ondblclick = () => openNear(each.key, false);
    return card;
  }));
  $("#seeds-says").textContent = seeds.length ? `${start} to ${start + seeds.length - 1}` : "";
  activate(Math.min(active, seeds.length - 1), held);
}

function activate(place, focus = false) {
  const cards = cardsOf("#seeds");
  cards.forEach((card, index) => { card.tabIndex = index === place ? 0 : -1; });
  active = Math.max(0, place);
  if (focus) cards[active]?.focus();
}

async function load(from, focus = false) {
  const asked = wanted = { start: Math.min(Math.max(0, Math.trunc(from) || 0), LAST - PAGE) };
  const found = await attempt(() => ask("seeds", { start: asked.start, count: PAGE }));
  if (asked !== wanted) return; // another page was, meanwhile
  if (!found) { wanted = { start }; return; }
  if (asked.start !== start) active = 0;
  start = asked.start;
  seeds = found.seeds;
  if (document.activeElement !== $("#start")) $("#start").value = start; // a number that is being typed stays
  $("#back").disabled = start === 0;
  drawSeeds();
  judgeEyes();
  if (focus && !typing()) activate(0, true);
}

// ---- what is chosen

async function choose(name, body, words) {
  const told = await attempt(() => act(name, body));
  if (!told) return null;
  drawAll(told);
  say(words);
  return told;
}

async function keep(key) {
  if (favourite(key)) return forget(key);
  return choose("keep", { key }, `${called(key)} is a favourite. Saved; n names it.`);
}

async function forget(key) {
  const name = called(key);
  const told = await choose("forget", { key }, `${name} is forgotten. Saved; u takes it back.`);
  if (told) await load(wanted.start);
  return told;
}

async function undo() {
  const told = await attempt(() => act("undo"));
  if (!told) return;
  drawAll(told);
  say(told.nothing ? "There is nothing to take back." : "The last choice is taken back. Saved.");
  await load(wanted.start);
}

async function move(key, by) {
  const from = state.favourites.findIndex((each) => each.key === key);
  const to = from + by;
  if (from < 0 || to < 0 || to >= state.favourites.length) return;
  await choose("move", { key, to }, `${called(key)} is now number ${to + 1}. Saved.`);
  focusFavourite(key);
}

function rename(key) {
  if (!favourite(key)) { say("Keep it first: only favourites have names.", true); return; }
  naming = key;
  $("#new-name").value = favourite(key).name;
  $("#naming").showModal();
  $("#new-name").select();
}

async function named(event) {
  event.preventDefault();
  const name = $("#new-name").value.trim();
  if (!name) return;
  $("#naming").close();
  await choose("name", { key: naming, name }, `It is called ${name}. Saved.`);
  focusFavourite(naming);
}

// ---- neighbours: more like this, or what a block would take away

async function openNear(key, drops) {
  if (drops && blocked(key)) { await forget(key); return; }
  near = { key, drops };
  $("#near-title").textContent = drops ? `Block ${called(key)}?` : `More like ${called(key)}`;
  $("#near-block").hidden = $("#near-name-label").hidden = !drops;
  $("#near-name").value = "";
  $("#radius").value = drops ? 1 : 0.75;
  $("#near-centre").dataset.key = key;
  $("#near-centre").src = picture(key);
  $("#near-grid").replaceChildren();
  $("#near").showModal();
  await drawNear();
}

const radius = () => Number($("#radius").value);

async function drawNear() {
  $("#radius-says").textContent = `${radius().toFixed(2)} × the usual`;
  if (!near) return;
  const asked = near;
  const found = await attempt(() => ask("near", { key: near.key, radius: radius() * state.radius }));
  if (!found || asked !== near) return;
  $("#near-grid").replaceChildren(...found.keys.map((key) => neighbour(key)));
  $("#near-says").replaceChildren(...(near.drops ? consequences(found) : [
    "Its neighbours, at this distance towards other samples. Choose one to keep it as a favourite."]));
}

function neighbour(key) {
  const card = make("article", { className: "card", tabIndex: near.drops ? -1 : 0, role: "listitem", dataset: { key, is: favourite(key) ? "favourite" : "" } }, image(key));
  card.setAttribute("aria-label", favourite(key) ? "neighbour, kept" : "neighbour");
  if (!near.drops) card.onclick = () => keepNeighbour(card);
  return card;
}

async function keepNeighbour(card) {
  const key = card.dataset.key;
  const words = favourite(key) ? "forgotten" : "a favourite";
  if (await choose(favourite(key) ? "forget" : "keep", { key }, `The neighbour is ${words}. Saved.`)) {
    card.dataset.is = favourite(key) ? "favourite" : "";
  }
}

function consequences(found) {
  const share = (found.samples * 100).toFixed(found.samples < 0.02 ? 1 : 0);
  const warnings = [
    found.mean ? "The mean picture, which every walk passes, lies within: choose a smaller distance." : "",
    found.favourites.length ? `So would be ${found.favourites.join(", ")}.` : "",
  ].filter(Boolean).join(" ");
  return [`What is nearer than these will not be shown by any walk: ${share} % of all seeds. `, make("b", { textContent: warnings })];
}

async function block() {
  const asked = near;
  const { key } = asked;
  const told = await choose("drop", { key, radius: radius() * state.radius, name: $("#near-name").value }, `${called(key)} is blocked. Saved; u takes it back.`);
  if (!told) return;
  if (asked === near) $("#near").close(); // or another question is open by now
  await load(wanted.start);
}

/** Browsers tell this late: by then the person may have gone on, or opened the next. */
function nearClosed() {
  if ($("#near").open) return;
  near = null;
  const lost = [document.body, null].includes(document.activeElement) || $("#near").contains(document.activeElement);
  if (lost) activate(active, true); // what had the focus before was drawn anew
}

// ---- dragging favourites

function dragging() {
  const list = $("#favourites");
  let held = null;
  const clear = () => cardsOf("#favourites").forEach((card) => card.classList.remove("before", "after", "dragged"));
  const over = (event) => {
    const card = event.target.closest("#favourites .card");
    if (!held || !card) return null;
    const box = card.getBoundingClientRect();
    return { card, after: event.clientX > box.left + box.width / 2 };
  };
  list.ondragstart = (event) => {
    held = event.target.closest(".card");
    held.classList.add("dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", held.dataset.key);
  };
  list.ondragover = (event) => {
    const found = over(event);
    if (!found) return;
    event.preventDefault();
    cardsOf("#favourites").forEach((card) => card.classList.remove("before", "after"));
    found.card.classList.add(found.after ? "after" : "before");
  };
  list.ondragend = () => { held = null; clear(); };
  list.ondrop = (event) => {
    const found = over(event);
    if (!found) return;
    event.preventDefault();
    const cards = cardsOf("#favourites");
    const from = cards.indexOf(held);
    const place = cards.indexOf(found.card) + (found.after ? 1 : 0);
    move(held.dataset.key, (place > from ? place - 1 : place) - from);
  };
}

// ---- keys and buttons

function onKey(event) {
  if (!seeds.length || event.ctrlKey || event.metaKey || $("#naming").open) return;
  if ($("#near").open) { nearKey(event); return; }
  if (typing()) return;
  const card = document.activeElement?.closest(".card");
  const inSeeds = Boolean(card?.closest("#seeds"));
  const key = inSeeds || card ? card.dataset.key : cardsOf("#seeds")[active]?.dataset.key;
  const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const works = {
    k: () => keep(key),
    d: () => openNear(key, true),
    m: () => openNear(key, false),
    n: () => rename(key),
    x: () => (favourite(key) || blocked(key) ? forget(key) : say("That one is neither kept nor blocked.")),
    u: undo,
    "[": () => move(key, -1),
    "]": () => move(key, 1),
    PageDown: () => load(wanted.start + PAGE, true),
    PageUp: () => load(wanted.start - PAGE, true),
  };
  if (event.altKey) return;
  if (pressed in works) works[pressed]();
  else if (!arrow(card, inSeeds, pressed)) return;
  event.preventDefault();
}

function arrow(card, inSeeds, key) {
  const cards = cardsOf(inSeeds || !card ? "#seeds" : `#${card.parentElement.id}`);
  const to = step(cards, inSeeds || !card ? active : cards.indexOf(card), key);
  if (to === null) return false;
  cards[to]?.focus();
  return true;
}

function nearKey(event) {
  const card = document.activeElement?.closest("#near-grid .card");
  if (event.key === "Enter" && near.drops && document.activeElement?.id !== "near-close") block();
  else if (card && (event.key === "Enter" || event.key === "k" || event.key === " ")) keepNeighbour(card);
  else if (card && step(cardsOf("#near-grid"), cardsOf("#near-grid").indexOf(card), event.key) !== null) {
    const cards = cardsOf("#near-grid");
    cards[step(cards, cards.indexOf(card), event.key)].focus();
  } else return;
  event.preventDefault();
}

async function begin() {
  const told = await attempt(() => ask("state"));
  if (!told) return;
  psi = told.psi;
  $("#psi").value = psi;
  $("#psi-says").textContent = psi.toFixed(2);
  $("#title").textContent = told.model;
  document.title = `Curate: ${told.model}`;
  $("#class-label").hidden = told.classes.length === 0;
  $("#class").replaceChildren(...told.classes.map((name, number) => make("option", { value: number, textContent: name })));
  drawAll(told);
  await load(0);
  say(`Every choice is saved at once, in ${told.file}.`);
}

document.addEventListener("keydown", onKey);
const painted = later(repaint);
const measured = later(drawNear);
$("#psi").oninput = () => { psi = Number($("#psi").value); $("#psi-says").textContent = psi.toFixed(2); painted(); };
$("#class").onchange = () => { label = Number($("#class").value); repaint(); activate(active, true); };
$("#radius").oninput = () => { $("#radius-says").textContent = `${radius().toFixed(2)} × the usual`; measured(); };
$("#start").onchange = () => { load(Number($("#start").value)); $("#start").value = wanted.start; };
$("#back").onclick = () => load(wanted.start - PAGE);
$("#on").onclick = () => load(wanted.start + PAGE);
$("#undo").onclick = undo;
$("#near-block").onclick = block;
$("#near-close").onclick = () => $("#near").close();
$("#near").onclose = nearClosed;
$("#naming-form").onsubmit = named;
$("#naming-close").onclick = () => $("#naming").close();
dragging();
begin();
