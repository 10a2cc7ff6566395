// The operators' console: the connection to the show, what hangs, and the commands. The other scripts add their views.
"use strict";

const desk = (() => {
  const KEYED = ["values", "hands", "why", "signals"];
  const ARMED_FOR = 4000;
  const RETRY = 1000;
  /** The rooms of addresses whose commands are always in sight. */
  const NEAR = ["cue", "show", "stage", "desk"];

  const state = {};
  const views = [];
  let socket = null;
  let lost = performance.now();
  let armed = null;

  const byId = (id) => document.getElementById(id);

  /** An element with these properties (data-, aria- and class by attribute) and children. */
  const make = (tag, properties = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (name in made && !name.includes("-")) made[name] = value;
      else made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  };

  /** Sets a text only where it is another one: what did not change stays selected, and is not read out again. */
  const write = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  /** How far a bar is filled, 0 to 1. */
  const share = (element, part) => element.style.setProperty("--share", `${Math.max(0, Math.min(100, 100 * part))}%`);

  const clock = (seconds) => {
    const whole = Math.max(0, Math.round(seconds));
    const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
    const two = (number) => String(number).padStart(2, "0");
    return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
  };

  /** What is asked of the show: a control's value, null to let go of it, a command. Then ``words`` say so. */
  const send = (address, value, words) => tell({ address, value }, words);

  const tell = (message, words) => {
    const open = socket && socket.readyState === WebSocket.OPEN;
    if (open) socket.send(JSON.stringify(message));
    if (!open) say("There is no connection; nothing was sent.");
    else if (words) say(words);
  };

  const say = (text) => write(byId("said"), text);
  const label = (address) => address.split("/").pop().replaceAll("_", " ");
  const title = (name) => state.show.pieces.find((piece) => piece.name === name)?.title || name;
  const cueNames = () => new Set(state.desk.cues.map((cue) => `/cue/${cue.name}`));

  // ---------------------------------------------------------------- the connection

  const merge = (news) => {
    for (const [name, section] of Object.entries(news)) {
      if (!KEYED.includes(name) || !state[name]) {
        state[name] = section;
        continue;
      }
      for (const [key, value] of Object.entries(section)) {
        if (value === null) delete state[name][key];
        else state[name][key] = value;
      }
    }
  };

  const draw = (names) => {
    for (const view of views) {
      if (view.of.some((name) => names.has(name)) && view.of.every((name) => state[name])) view.draw(state, names);
    }
  };

  const connect = () => {
    socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/console/live`);
    socket.onopen = () => {
      lost = null;
      look();
      standing();
    };
    socket.onmessage = (event) => {
      const news = JSON.parse(event.data);
      if (news.said) say(news.said);
      delete news.said;
      merge(news);
      draw(new Set(Object.keys(news)));
    };
    socket.onclose = (event) => {
      if (event.code === 4001) return location.reload();
      lost ??= performance.now();
      standing();
      setTimeout(connect, RETRY);
      // A session that is over is refused before it opens: the door tells that from a show that is gone.
      if (performance.now() - lost > 3 * RETRY) checkDoor();
    };
  };

  const checkDoor = async () => {
    try {
      const answer = await fetch("/console", { cache: "no-store" });
      if (answer.ok && !(await answer.text()).includes('id="transport"')) location.reload();
    } catch {
      standing(); // nobody answers: it is tried again
    }
  };

  /** The line that says whether what is seen is true. */
  const standing = () => {
    const link = byId("link");
    const away = lost === null ? 0 : Math.round((performance.now() - lost) / 1000);
    let text = "live";
    if (lost !== null) text = away < 2 && !state.show ? "connecting …" : `no connection since ${away} s; trying again`;
    else if (state.silent) text = `no answer from the show since ${state.silent} s`;
    const bad = lost !== null ? Boolean(state.show) || away >= 2 : Boolean(state.silent);
    link.className = bad ? "bad" : lost === null ? "well" : "";
    write(link, text);
    const veil = byId("veil");
    veil.hidden = !bad;
    write(veil, bad ? "This picture is not of now" : "");
  };

  const look = () => {
    const picture = byId("picture");
    if (document.hidden) picture.removeAttribute("src");
    else picture.src = `/console/preview.mjpeg?${Date.now()}`;
  };

  // ---------------------------------------------------------------- what hangs

  const drawNow = () => {
    const now = state.now;
    const words = [];
    if (now.dark) words.push(now.programme === null ? "closed: the wall is dark" : "dark");
    for (const [address, on] of Object.entries(now.switches)) if (on) words.push(label(address));
    if (now.programme && now.programme !== "all") words.push(now.programme);
    write(byId("state"), words.join(" · ") || "on the wall");
    write(byId("hangs"), title(now.piece));
    const left = now.seconds_left === null ? "stays until it is changed" : `${clock(now.seconds_left)} left`;
    const after = now.expected === null ? left : `${left}, then ${title(now.expected)}`;
    write(byId("comes"), now.coming === null ? after : `changing to ${title(now.coming)}`);
    const way = byId("way");
    way.hidden = now.coming === null;
    way.value = now.progress;
    write(byId("clock"), now.civil.slice(11, 19));
    drawSwitches();
  };

  const isOn = (address) => Boolean(state.now && state.now.switches[address]);

  const drawSwitches = () => {
    for (const button of byId("transport").querySelectorAll("[data-type=bool]")) {
      button.setAttribute("aria-pressed", String(isOn(button.dataset.address)));
    }
  };

  // ---------------------------------------------------------------- commands

  const disarm = () => {
    if (!armed) return;
    clearTimeout(armed.timer);
    armed.button.classList.remove("armed");
    write(armed.button.querySelector("span"), armed.doc);
    armed = null;
  };

  const arm = (button, doc) => {
    disarm();
    const name = button.querySelector("b").textContent;
    const late = () => {
      disarm();
      say(`${name} is not armed any more.`);
    };
    armed = { button, doc, timer: setTimeout(late, ARMED_FOR) };
    button.classList.add("armed");
    write(button.querySelector("span"), "press again");
    say(`${name} is armed: press again within 4 seconds.`);
  };

  const press = (command, button) => {
    const on = isOn(command.address);
    if (state.desk.armed.includes(command.address) && !on && armed?.button !== button) return arm(button, command.doc);
    if (armed && state.desk.arm) send(state.desk.arm, true);
    disarm();
    const name = button.querySelector("b").textContent;
    if (command.type === "bool") send(command.address, !on, `${name} ${on ? "off" : "on"}`);
    else send(command.address, 1, name);
  };

  const room = (one) => one.address.split("/")[1];

  const commandOf = (command, name) =>
    make(
      "button",
      { "data-address": command.address, "data-type": command.type, onclick: (event) => press(command, event.currentTarget) },
      make("b", {}, name),
      make("span", {}, command.doc),
    );

  /** What runs the night stands in sight, the dangerous ones last; what moves a walk, or votes, is behind a fold. */
  const drawTransport = () => {
    const own = cueNames();
    const listed = state.desk.commands.filter((one) => one.type !== "choice" && !own.has(one.address) && one.address !== state.desk.arm && one.address !== state.desk.snapshot);
    const place = (one) => (state.desk.armed.includes(one.address) ? 2 : Number(room(one) !== "cue"));
    const near = listed.filter((one) => NEAR.includes(room(one))).sort((one, other) => place(one) - place(other));
    const far = listed.filter((one) => !NEAR.includes(room(one)));
    const rooms = [...new Set(far.map(room))].join(", ");
    const spoken = (one) => `${room(one)} ${label(one.address)}`;
    byId("transport").replaceChildren(
      make("div", { className: "commands" }, ...near.map((one) => commandOf(one, label(one.address)))),
      make(
        "details",
        { hidden: !far.length },
        make("summary", {}, rooms),
        make("div", { className: "commands" }, ...far.map((one) => commandOf(one, spoken(one)))),
      ),
    );
    drawSwitches();
  };

  views.push(
    { of: ["desk"], draw: drawTransport },
    { of: ["now", "show"], draw: drawNow },
  );

  addEventListener("DOMContentLoaded", () => {
    connect();
    setInterval(standing, 500);
    document.addEventListener("visibilitychange", look);
    byId("picture").addEventListener("error", () => setTimeout(look, 2 * RETRY));
  });

  return { state, views, make, write, share, send, tell, say, label, title, clock, cueNames };
})();
