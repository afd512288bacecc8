// Keys. A letter acts only while no text is written, and only if the agent left letters on. What a key
// does stands in the page: data-key names it, and it is clicked.
"use strict";
(() => {
  const letters = document.body.dataset.wishes.split(" ").includes("letters");
  const byId = (id) => document.getElementById(id);
  const writes = (element) => element.closest?.("input:not([type=radio],[type=checkbox]), textarea, select, [contenteditable]");
  const shown = (element) => element && (element.checkVisibility ? element.checkVisibility() : true);

  // A sheet's own button stays hidden until the sheet is open, so its commands are run inside of it.
  const press = (element) => {
    if (!element) return false;
    element.click();
    // At once, since the next key may be on its way: the browser tells of an open sheet only later.
    const sheet = byId(element.getAttribute("popovertarget"));
    if (sheet?.matches(":popover-open")) sheet.querySelector("[data-first]")?.focus();
    const mode = element.getAttribute("for");
    if (mode) byId(mode)?.focus();
    if (mode) byId(mode.replace("mode-", "") + "-text")?.focus();
    return true;
  };
  document.addEventListener("omni:command", ({ detail }) => press(detail.element));

  const write = (mode) => {
    const choice = byId(`mode-${mode}`);
    if (!choice) return false;
    choice.checked = true;
    byId(`${mode}-text`).focus();
    return true;
  };
  const move = (step) => {
    const rows = [...document.querySelectorAll("[data-row]")].filter(shown);
    if (!rows.length) return false;
    const here = rows.indexOf(document.activeElement.closest?.("[data-row]"));
    const open = rows.findIndex((row) => row.getAttribute("aria-current") === "page");
    const from = here >= 0 ? here : open >= 0 ? open : step > 0 ? -1 : rows.length;
    const next = rows[Math.max(0, Math.min(rows.length - 1, from + step))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  };
  const act = (key) => {
    const near = document.activeElement.closest?.(".offer")?.querySelector(`[data-key="${key}"]`);
    return press(near ?? document.querySelector(`[data-key="${key}"]`));
  };

  let going = 0;
  const goTo = { q: "/", t: "/team", s: "/search", r: document.querySelector('.bar-nav a[href="/admin/rules"]')?.pathname };
  const single = (event) => {
    if (going && Date.now() - going < 1500 && goTo[event.key]) { location.href = goTo[event.key]; return true; }
    going = 0;
    switch (event.key) {
      case "j": return move(1);
      case "k": return move(-1);
      case "r": return write("reply");
      case "n": return write("note");
      case "/": byId("search").focus(); byId("search").select(); return true;
      case "?": byId("keys").showModal(); return true;
      case "g": going = Date.now(); return true;
    }
    return /^[a-zE]$/.test(event.key) && act(event.key);
  };
  const escape = (event) => {
    if (document.querySelector("dialog[open], :popover-open")) return; // the browser closes those
    if (writes(event.target)) {
      event.target.blur();
      (byId("timeline") ?? byId("main")).focus();
    } else if (document.querySelector("[data-back]")) {
      document.querySelector("[data-back]").click();
    } else if (document.querySelector("[data-thread]")) {
      location.href = "/";
    }
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === "Escape") { escape(event); return; }
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      document.dispatchEvent(new CustomEvent("omni:palette"));
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !letters) return;
    if (writes(event.target) || document.querySelector("dialog[open], :popover-open")) return;
    if (single(event)) event.preventDefault();
  });
})();
