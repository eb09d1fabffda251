// The desk by keyboard. What a key does stands in the markup: an element with `aria-keyshortcuts` is pressed by that
// key, and rows of a list are walked with j and k. Without this script nothing is missing but the keys.
"use strict";

const panel = document.getElementById("keys");
const search = document.getElementById("keys-search");
const list = document.getElementById("keys-list");
const nothing = document.getElementById("keys-nothing");
const single = document.getElementById("keys-single");
const opener = document.getElementById("keys-open");
const STORED = "madoguchi-single-keys";

const rows = [...document.querySelectorAll(".rows .row-subject")];
const deeds = [...document.querySelectorAll("[aria-keyshortcuts]")];
const others = [...document.querySelectorAll(".tabs a, .views a, .report-actions a, .report-actions button, .pages a")];

// A key of one letter can be in the way of speech input: it can be switched off (WCAG 2.2, 2.1.4).
function singleKeys() {
  return localStorage.getItem(STORED) !== "off";
}

function showHints() {
  document.body.classList.toggle("with-keys", singleKeys());
}

function labelOf(element) {
  return (element.dataset.label || element.textContent).replace(/\s+/g, " ").trim();
}

// What can't be taken back by a key is only reached by the first press, and done by the second.
function press(element) {
  close();
  if ("twice" in element.dataset && document.activeElement !== element) element.focus();
  else element.click();
}

function entry(element) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain";
  button.append(labelOf(element));
  button.addEventListener("click", () => press(element));
  item.append(button);
  const key = element.getAttribute("aria-keyshortcuts");
  if (key) {
    const shown = document.createElement("kbd");
    shown.append(key);
    item.append(shown);
  }
  return item;
}

function fill() {
  const words = search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const all = [...new Set([...deeds, ...others])];
  const found = all.filter((one) => words.every((word) => labelOf(one).toLocaleLowerCase().includes(word)));
  list.replaceChildren(...found.map(entry));
  nothing.hidden = found.length > 0;
}

let before = null;

function open() {
  before = document.activeElement;
  panel.hidden = false;
  search.value = "";
  single.checked = singleKeys();
  fill();
  search.focus();
}

function close() {
  if (panel.hidden) return;
  panel.hidden = true;
  if (before && before.isConnected) before.focus();
}

function walk(step) {
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1);
  rows[next].focus();
  rows[next].scrollIntoView({ block: "nearest" });
}

function typing(target) {
  return target.matches("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])");
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.altKey) return;
  if (event.key === "Escape") {
    close();
  } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    open();
  } else if (event.ctrlKey || event.metaKey || typing(event.target) || !singleKeys()) {
    return;
  } else if (event.key === "?") {
    event.preventDefault();
    open();
  } else if (event.key === "j" || event.key === "k") {
    event.preventDefault();
    walk(event.key === "j" ? 1 : -1);
  } else {
    const deed = deeds.find((one) => one.getAttribute("aria-keyshortcuts") === event.key);
    if (!deed) return;
    event.preventDefault();
    press(deed);
  }
});

search.addEventListener("input", fill);
search.addEventListener("keydown", (event) => {
  const first = list.querySelector("button");
  if (event.key === "Enter" && first && !event.isComposing) {
    event.preventDefault();
    first.click();
  }
});
single.addEventListener("change", () => {
  localStorage.setItem(STORED, single.checked ? "on" : "off");
  showHints();
});
document.getElementById("keys-close").addEventListener("click", close);
opener.addEventListener("click", open);
opener.hidden = false;
for (const deed of deeds) {
  const shown = document.createElement("kbd");
  shown.setAttribute("aria-hidden", "true");
  deed.dataset.label = labelOf(deed);
  shown.append(deed.getAttribute("aria-keyshortcuts"));
  deed.append(" ", shown);
}
showHints();
