// Keeps the visitors' page as the wall is. Without this script the page does the same, one reload at a time.
"use strict";
(() => {
  const main = document.querySelector("main[data-version]");
  const form = document.getElementById("ballot");
  const likes = document.getElementById("like");
  const leans = document.getElementById("lean");
  const query = location.search;
  let version = main.dataset.version;
  let deadline = 0;
  let source = null;
  let fetching = 0;
  const drawn = new Map();

  /** What gives the keyboard its place back when the buttons of the same round are drawn anew. */
  const place = () => {
    const button = document.activeElement;
    const held = button && button.form;
    if (!held) return () => {};
    const buttons = () => [...held.querySelectorAll("button")];
    const { value } = button;
    const index = buttons().indexOf(button);
    const round = held.elements.round.value;
    return () => {
      if (button.isConnected || held.elements.round?.value !== round) return;
      const again = held === form ? buttons().find((one) => one.value === value) : buttons()[index];
      if (again) again.focus({ preventScroll: true });
    };
  };

  const draw = (parts) => {
    const back = place();
    for (const [id, html] of Object.entries(parts)) {
      if (drawn.get(id) !== html) document.getElementById(id).innerHTML = html;
      drawn.set(id, html);
    }
    back();
    startClock();
  };

  const show = (answer) => {
    version = answer.version;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (document.startViewTransition && !still && !document.hidden) document.startViewTransition(() => draw(answer.parts));
    else draw(answer.parts);
  };

  const refresh = async () => {
    const answer = await fetch("/parts" + query, { cache: "no-store" });
    if (answer.ok) show(await answer.json());
  };

  const count = (votes) => {
    const total = Math.max(1, Object.values(votes).reduce((sum, n) => sum + n, 0));
    for (const button of form.querySelectorAll("button")) {
      const own = votes[button.value];
      if (own === undefined) continue;
      button.querySelector(".count b").textContent = own;
      Object.assign(button.querySelector("progress"), { max: total, value: own });
    }
  };

  const countLikes = (counts) => {
    likes.querySelectorAll("button .count").forEach((count, side) => { count.textContent = counts[side]; });
  };

  const pull = (pulls) => {
    for (const bar of leans.querySelectorAll("progress")) bar.value = 1 + (pulls[bar.dataset.of] ?? 0);
  };

  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("vote") : null;
  const offline = document.getElementById("offline");
  const connected = (is) => {
    offline.hidden = is;
    offline.textContent = is ? "" : main.dataset.offline;
  };

  const send = async (sent, button) => {
    const body = new URLSearchParams({ round: sent.elements.round.value, [button.name]: button.value });
    const post = () => fetch(sent.action, { method: "POST", body, headers: { Accept: "application/json" } });
    let answer = await post();
    if (answer.status === 403) answer = await post(); // the first one brought the cookie
    show(await answer.json());
    connected(true);
    if (tabs) tabs.postMessage("voted");
    if (sent === leans) setTimeout(() => refresh().catch(() => {}), 1000 * main.dataset.lasts); // then it counts no more
  };

  for (const sent of [form, likes, leans]) sent.addEventListener("submit", (event) => {
    if (!event.submitter) return;
    event.preventDefault();
    send(sent, event.submitter).catch((error) => {
      if (error instanceof TypeError) return connected(false); // the network, as fetch tells it
      const said = Object.assign(document.createElement("p"), { className: "notice", textContent: main.dataset.failed });
      document.getElementById("notice").replaceChildren(said);
      drawn.delete("notice");
    });
  });

  const tick = () => {
    const clock = document.querySelector("time[data-left]");
    if (!clock) return;
    const left = Math.max(0, Math.ceil((deadline - performance.now()) / 1000));
    clock.textContent = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
  };

  const startClock = () => {
    const clock = document.querySelector("time[data-left]");
    if (clock) deadline = performance.now() + 1000 * Number(clock.dataset.left);
    tick();
  };

  const listen = () => {
    if (source || document.hidden) return;
    source = new EventSource("/live");
    source.onopen = () => {
      connected(true);
      document.getElementById("refresh").hidden = true;
    };
    source.addEventListener("tally", (event) => count(JSON.parse(event.data)));
    source.addEventListener("likes", (event) => countLikes(JSON.parse(event.data)));
    source.addEventListener("leans", (event) => pull(JSON.parse(event.data)));
    source.addEventListener("version", (event) => {
      if (event.data === String(version)) return;
      clearTimeout(fetching);
      fetching = setTimeout(() => refresh().catch(() => {}), 700 * Math.random()); // not all phones at once
    });
    source.onerror = () => {
      connected(false);
      if (source.readyState !== EventSource.CLOSED) return; // it tries again by itself
      source = null;
      document.getElementById("refresh").hidden = false;
      setTimeout(listen, 10000 + 10000 * Math.random());
    };
  };

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) {
      refresh().catch(() => {}); // another tab may have voted meanwhile
      return listen();
    }
    if (source) source.close();
    source = null;
  });

  for (const picture of document.querySelectorAll(".live img")) {
    picture.addEventListener("error", () => picture.closest("details").remove());
  }
  if (tabs) tabs.onmessage = () => refresh().catch(() => {});
  addEventListener("offline", () => connected(false));
  addEventListener("online", () => refresh().then(() => connected(true), () => {}));
  startClock();
  setInterval(tick, 1000);
  listen();
})();
