// Drafts: what is being written survives a reload, a crash, a lost connection. A draft is dropped only
// when the server has said that it keeps the text ("omni:saved").
"use strict";
(() => {
  const thread = () => document.querySelector("[data-thread]")?.dataset.thread;
  const name = (mode, of = thread()) => `omniroute.draft.${document.body.dataset.agent}.${of}.${mode}`;
  globalThis.omniroute = { draft: name };
  const waiting = new Map();

  const tell = (area, text) => {
    const place = area.form?.querySelector("[data-draft-state]");
    if (place) place.textContent = text;
  };
  const keep = (area) => {
    clearTimeout(waiting.get(area));
    waiting.delete(area);
    try {
      if (area.value) localStorage.setItem(name(area.dataset.draft), area.value);
      else localStorage.removeItem(name(area.dataset.draft));
      tell(area, area.value ? "draft kept" : "");
    } catch {
      tell(area, "this browser keeps no drafts");
    }
  };
  const stored = (mode) => {
    try { return localStorage.getItem(name(mode)) || ""; } catch { return ""; }
  };
  const restore = () => {
    if (!thread()) return;
    for (const area of document.querySelectorAll("[data-draft]")) {
      if (area.value || !stored(area.dataset.draft)) continue;
      area.value = stored(area.dataset.draft);
      tell(area, "draft from before");
    }
    // Only a note was begun: show it, so that nobody thinks it is gone.
    const note = document.getElementById("mode-note");
    if (note && !note.dataset.met && stored("note") && !stored("reply")) note.checked = true;
    if (note) note.dataset.met = "yes"; // once: what the agent chose since then stands
  };

  document.addEventListener("input", (event) => {
    const area = event.target.closest?.("[data-draft]");
    if (!area) return;
    clearTimeout(waiting.get(area));
    waiting.set(area, setTimeout(() => keep(area), 250));
  });
  const keepAll = () => { for (const area of [...waiting.keys()]) keep(area); };
  addEventListener("pagehide", keepAll);
  document.addEventListener("htmx:before:request", keepAll); // not later, when it may be dropped already

  document.addEventListener("omni:saved", ({ detail }) => {
    try { localStorage.removeItem(name(detail.mode, detail.thread)); } catch { /* none was kept */ }
    if (String(detail.thread) !== thread()) return;
    const area = document.querySelector(`[data-draft="${detail.mode}"]`);
    if (!area) return;
    area.value = "";
    tell(area, "");
  });

  // A reply that was taken back goes on as a draft.
  document.addEventListener("omni:withdrawn", ({ detail }) => {
    const area = document.getElementById("reply-text");
    const text = document.getElementById("withdrawn")?.textContent;
    if (!area || String(detail.thread) !== thread() || !(text || detail.files.length)) return;
    document.getElementById("withdrawn").textContent = "";
    if (text) area.value = area.value ? `${text}\n\n${area.value}` : text;
    keep(area);
    document.getElementById("mode-reply").checked = true;
    area.focus();
  });

  document.addEventListener("htmx:after:swap", restore);
  restore();
})();
