// Keys of the desk. Everything that they do, links and forms do as well.
"use strict";

const typing = (el) => el.closest("input, textarea, select, [contenteditable]");

// step moves the focus to the next or the previous row of the list.
function step(by) {
  const rows = [...document.querySelectorAll("a.open")];
  if (!rows.length) return;
  const at = rows.findIndex((a) => a === document.activeElement || a.closest("tr").contains(document.activeElement));
  const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by));
  rows[next].focus();
  rows[next].scrollIntoView({ block: "nearest" });
}

// unfold opens a form and puts the cursor in it.
function unfold(id) {
  const form = document.getElementById(id);
  if (!form) return false;
  form.open = true;
  const field = form.querySelector("textarea, input:not([type=hidden]), select");
  if (field) field.focus();
  return true;
}

// act answers or updates the ticket that is open, or the one whose row has the focus.
function act(id) {
  if (unfold(id)) return;
  const row = document.activeElement.closest("tr");
  const link = row && row.querySelector("a.open");
  if (link) location.assign(link.href + "#do=" + id);
}

document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || typing(e.target)) return;
  const does = {
    j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1), r: () => act("reply"), u: () => act("update"),
    q: () => location.assign("/desk"), "?": () => { const keys = document.getElementById("keys"); if (keys) { keys.open = !keys.open; keys.querySelector("summary").focus(); } },
    "/": () => { const search = document.getElementById("search"); if (search) search.focus(); },
  }[e.key];
  if (!does || (e.key.startsWith("Arrow") && !document.querySelector("a.open"))) return;
  e.preventDefault();
  does();
});

// What is to be done on the page that a key led to. It is no element's id: the browser would take the focus from the field to show that element.
const asked = /^#do=([a-z]+)$/.exec(location.hash);
if (asked) unfold(asked[1]);
