// What both pages share: asking the server, making elements (never from text as HTML), saying what happened.

export const $ = (selector) => document.querySelector(selector);

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "dataset") Object.assign(element.dataset, value);
    else if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

async function answer(response) {
  const found = await response.json();
  if (!response.ok) throw new Error(found.error ?? response.statusText);
  return found;
}

export async function ask(name, query = {}) {
  return answer(await fetch(`${name}?${new URLSearchParams(query)}`));
}

export async function act(name, body = {}) {
  const headers = { "Content-Type": "application/json" };
  return answer(await fetch(name, { method: "POST", headers, body: JSON.stringify(body) }));
}

export function say(text, bad = false) {
  const status = $("#status");
  status.textContent = text;
  status.classList.toggle("bad", bad);
}

/** Runs what a person asked for; where the server refuses or is gone, the page says so. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    say(error instanceof TypeError ? "The program that serves this page has ended. Start it again." : error.message, true);
    return null;
  }
}

export const typing = () => document.activeElement?.matches("input[type=text], input[type=number], select") ?? false;

/** Where an arrow key leads from one card of a grid to another; null for other keys. */
export function step(cards, from, key) {
  if (!cards.length) return null;
  const top = cards[0].offsetTop;
  const columns = Math.max(1, cards.filter((card) => card.offsetTop === top).length);
  const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  if (key === "Home") return 0;
  if (key === "End") return cards.length - 1;
  if (!(key in moves)) return null;
  const to = from + moves[key];
  return to >= 0 && to < cards.length ? to : from;
}
