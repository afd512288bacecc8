// The thread pane: sending, what has been seen, where the page is scrolled, sheets that close.
"use strict";
(() => {
  const SEEN_AFTER = 3000; // ms on a visible screen, until a line counts as seen

  const byId = (id) => document.getElementById(id);
  const say = (text, trouble = false) => {
    const line = document.createElement("p");
    line.className = trouble ? "said-text trouble" : "said-text";
    line.textContent = text;
    byId("said").replaceChildren(line);
  };

  // --- sending ------------------------------------------------------------------------------------
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const area = event.target.closest?.("[data-draft]");
    if (!area) return;
    event.preventDefault();
    area.form.requestSubmit(area.form.querySelector("[data-send]"));
  });
  // A form may have left the page while its request was on the way; what it asked for is told all the same.
  const formOf = (event) => {
    const source = event.detail.ctx?.sourceElement ?? event.target;
    return source.matches?.("form") ? source : null;
  };
  const areaOf = (event) => formOf(event)?.querySelector("[data-draft]");
  document.addEventListener("htmx:before:request", (event) => {
    const area = areaOf(event);
    if (area) area.readOnly = true; // what is typed now would be lost with the sent text
  });
  document.addEventListener("htmx:finally:request", (event) => {
    const area = areaOf(event);
    if (area) area.readOnly = false;
  });
  document.addEventListener("htmx:after:request", (event) => {
    const status = event.detail.ctx.response?.status ?? 0;
    if (status < 400) event.target.closest?.("[popover]")?.hidePopover();
    else if (status >= 500) say("The server had a fault. Your text is kept; try again.", true);
  });
  document.addEventListener("htmx:error", (event) => {
    if (formOf(event)) say("No connection, so nothing was sent. Your text is kept.", true);
  });

  // A sheet that opens takes the focus. (Not by "autofocus": htmx gives it that again at every swap.)
  document.addEventListener("toggle", (event) => {
    const sheet = event.target;
    if (event.newState !== "open" || sheet.contains(document.activeElement)) return;
    sheet.querySelector?.("[data-first]")?.focus();
  }, true);

  // --- reply or note --------------------------------------------------------------------------------
  document.addEventListener("change", (event) => {
    if (event.target.name !== "mode") return;
    byId(`${event.target.value}-text`)?.focus();
  });

  // --- somebody wrote meanwhile ---------------------------------------------------------------------
  const turns = () => byId("timeline")?.dataset.turns;
  let seeing = 0, shown = "";
  const seeTurns = () => {
    const field = byId("reply-seen");
    // A busy desk's page is drawn anew more often than that: only another line starts the time again.
    if (!field || field.value === turns() || (seeing && shown === turns())) return;
    clearTimeout(seeing);
    shown = turns();
    seeing = setTimeout(() => {
      seeing = 0;
      const now = byId("reply-seen");
      if (!document.hidden && now && !byId("collision-box")) now.value = shown;
    }, SEEN_AFTER);
  };
  document.addEventListener("visibilitychange", seeTurns);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-edit]")) return;
    byId("collision").replaceChildren();
    byId("reply-seen").value = turns();
    byId("reply-text").focus();
  });

  // --- where the conversation stands ----------------------------------------------------------------
  const timeline = () => byId("timeline");
  let follows = true, lines = 0;
  const scrolls = (pane) => pane.scrollHeight > pane.clientHeight + 4 && getComputedStyle(pane).overflowY !== "visible";
  const toEnd = () => {
    const pane = timeline();
    if (!pane) return;
    if (scrolls(pane)) pane.scrollTop = pane.scrollHeight;
    byId("newer").hidden = true;
    follows = true;
  };
  const settle = () => {
    const pane = timeline();
    if (!pane) return;
    const count = pane.querySelectorAll(".line").length;
    if (follows) toEnd();
    else if (count > lines) byId("newer").hidden = false;
    lines = count;
  };
  document.addEventListener("scroll", (event) => {
    if (event.target !== timeline()) return;
    const pane = event.target;
    follows = pane.scrollHeight - pane.scrollTop - pane.clientHeight < 40;
    if (follows) byId("newer").hidden = true;
  }, true);
  byId("newer")?.addEventListener("click", toEnd);
  if (timeline()) {
    // Narrow pages scroll as a whole: begin at what was said last, above the place to write.
    if (getComputedStyle(timeline()).overflowY === "visible" && !location.hash) {
      byId("latest").scrollIntoView({ block: "end" });
    }
    new ResizeObserver(() => { if (follows) toEnd(); }).observe(timeline());
    settle();
    seeTurns();
  }

  document.addEventListener("htmx:after:swap", (event) => {
    // The button that was pressed may be gone with what it did: do not lose the keyboard's place.
    if (document.activeElement === document.body && event.target.id !== "refresh") timeline()?.focus({ preventScroll: true });
    settle();
    seeTurns();
    const box = byId("collision-edit");
    if (box && !box.dataset.met) {
      box.dataset.met = "yes";
      box.focus();
    }
  });
})();
