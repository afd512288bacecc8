// Live: one tab of this browser listens to the server and tells the others, since a browser opens only
// a handful of connections to a site. Each tab then asks for the parts it shows.
"use strict";
(() => {
  const CALM = 1000; // ms between refreshes for changes that are not about this tab, at least
  const EASE = 12; // and this many times what the last refresh took, so that a busy server is spared
  const thread = Number(document.querySelector("[data-thread]")?.dataset.thread ?? 0);
  const state = document.getElementById("live-state");
  const others = "BroadcastChannel" in window ? new BroadcastChannel("omniroute-live") : null;

  let last = Date.now(), took = 0, planned = 0, missed = false;
  const refresh = () => {
    clearTimeout(planned);
    planned = 0;
    last = Date.now();
    if (document.hidden) { missed = true; return; }
    missed = false;
    for (const element of document.querySelectorAll("[data-live]")) htmx.trigger(element, "omni:refresh", {}, false);
  };
  const soon = (urgent) => {
    const calm = Math.max(CALM, EASE * took) * (1 + Math.random() / 4); // not all tabs at once
    const wait = urgent ? 60 : Math.max(60, last + calm - Date.now());
    if (planned && !urgent) return;
    clearTimeout(planned);
    planned = setTimeout(refresh, wait);
  };

  const show = (word) => {
    state.hidden = word === "live" || word === "";
    state.textContent = word === "lost" ? "no connection, trying again" : word;
  };
  const changed = (change, first) => {
    const mine = change.offered || change.wrote || change.threads.includes(thread);
    document.dispatchEvent(new CustomEvent("omni:change", { detail: { ...change, first } }));
    soon(mine);
  };

  let lostFor = 0;
  const hear = (told, first) => {
    if (told.kind === "change") changed(told.change, first);
    if (told.kind === "open") { clearTimeout(lostFor); lostFor = 0; show("live"); soon(true); }
    if (told.kind === "lost") lostFor ||= setTimeout(show, 2000, "lost"); // a blink is not told
    if (told.kind === "writing") document.dispatchEvent(new CustomEvent("omni:writing", { detail: told.thread }));
    if (told.kind === "out") show("signed out: load the page to sign in");
  };
  const tell = (told) => { hear(told, true); others?.postMessage(told); };
  others?.addEventListener("message", ({ data }) => hear(data, false));

  const listen = () => new Promise(() => {
    let source, again = 500;
    const open = () => {
      source = new EventSource("/live");
      source.addEventListener("open", () => { again = 500; tell({ kind: "open" }); });
      source.addEventListener("change", ({ data }) => tell({ kind: "change", change: JSON.parse(data) }));
      source.addEventListener("writing", ({ data }) => tell({ kind: "writing", thread: Number(data) }));
      source.addEventListener("error", async () => {
        tell({ kind: "lost" });
        if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
        const answer = await fetch("/api/session").catch(() => null);
        if (answer?.status === 401) { tell({ kind: "out" }); return; }
        setTimeout(open, again);
        again = Math.min(again * 2, 15000);
      });
    };
    open();
    addEventListener("pagehide", () => source.close());
  });
  if (navigator.locks) navigator.locks.request("omniroute-live", listen);
  else listen(); // not a secure context: every tab for itself

  planned = setTimeout(refresh, 500); // what changed between the making of this page and now
  document.addEventListener("htmx:after:request", ({ target }) => {
    if (target.matches?.("[data-live]")) took = Date.now() - last;
  });
  document.addEventListener("omni:stale", () => soon(false));
  document.addEventListener("visibilitychange", () => { if (!document.hidden && missed) soon(true); });
})();
