// What pages do beyond HTML: send the form's token with htmx, let clocks tick, look again when something changed. Without scripts
// everything still works; times stand as they were when the page was made.
"use strict";

document.addEventListener("htmx:configRequest", (e) => {
  const csrf = document.querySelector("meta[name=csrf]");
  if (csrf) e.detail.headers["X-CSRF-Token"] = csrf.content;
});

// <time data-due="ISO" data-left="还剩 {0}" data-late="已超 {0}">: a clock that runs out. The server's time is the page's, whatever the
// device's says: the difference is taken once, at loading.
const made = document.querySelector("meta[name=now]");
const ahead = made ? Date.parse(made.content) - Date.now() : 0;

function span(ms) {
  const s = Math.floor(Math.abs(ms) / 1000);
  const two = (n) => String(n).padStart(2, "0");
  return Math.floor(s / 3600) + ":" + two(Math.floor(s / 60) % 60) + ":" + two(s % 60);
}

function tick() {
  for (const t of document.querySelectorAll("time[data-due]")) {
    const left = Date.parse(t.dataset.due) - (Date.now() + ahead);
    const text = (left >= 0 ? t.dataset.left : t.dataset.late).replace("{0}", span(left));
    if (t.textContent !== text) t.textContent = text;
    const row = t.closest("[data-clock]");
    if (row) {
      row.classList.toggle("late", left < 0);
      row.classList.toggle("soon", left >= 0 && left <= 15 * 60 * 1000);
    }
  }
}
setInterval(tick, 1000);
tick();

// Elements with hx-trigger="changed" load again when the server says that something changed, at most once a second; all of them when the
// connection was lost, and those with data-fresh once it stands, so that nothing is missed that changed while nobody was told.
if (document.body.dataset.events && window.EventSource) {
  const events = new EventSource(document.body.dataset.events);
  let waiting = false, opened = false;
  const look = (which) => {
    for (const el of document.querySelectorAll("[hx-trigger~=changed]" + which)) htmx.trigger(el, "changed");
  };
  events.addEventListener("open", () => { look(opened ? "" : "[data-fresh]"); opened = true; });
  events.addEventListener("changed", () => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => { waiting = false; look(""); }, 200);
  });
  addEventListener("pagehide", () => events.close());
}
document.addEventListener("htmx:afterSettle", tick);
