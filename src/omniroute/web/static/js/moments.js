// Time on the page: moments in the viewer's zone, spans that grow, deadlines and countdowns that fall.
// The server has told all of it once; this keeps it true.
"use strict";
(() => {
  const skew = Number(document.body.dataset.now) - Date.now();
  const now = () => Date.now() + skew;

  const span = (ms) => {
    if (ms < 60e3) return `${Math.max(0, Math.floor(ms / 1e3))} s`;
    if (ms < 7200e3) return `${Math.floor(ms / 60e3)} min`;
    if (ms < 172800e3) return `${Math.floor(ms / 3600e3)} h`;
    return `${Math.floor(ms / 86400e3)} d`;
  };
  const put = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  // The zone goes into a cookie, so that the next page is right from the start.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  const guessed = zone !== "" && zone !== document.body.dataset.zone;
  if (guessed) {
    document.cookie = `omniroute_zone=${zone};path=/;max-age=31536000;samesite=lax`;
  }
  const two = (number) => String(number).padStart(2, "0");
  const inZone = (at, how) => {
    const then = new Date(at), today = new Date(now());
    const hour = `${two(then.getHours())}:${two(then.getMinutes())}`;
    if (how === "clock" || then.toDateString() === today.toDateString()) return hour;
    const month = then.toLocaleString("en", { month: "short" });
    const year = then.getFullYear() === today.getFullYear() ? "" : ` ${then.getFullYear()}`;
    return `${then.getDate()} ${month}${year} ${hour}`;
  };

  const refreshSpans = () => {
    for (const time of document.querySelectorAll("time[data-at]")) {
      const at = Number(time.dataset.at), how = time.dataset.how;
      if (how === "ago") put(time, span(now() - at));
      else if (guessed) put(time, inZone(at, how));
    }
    for (const mark of document.querySelectorAll("[data-due]")) {
      const left = Number(mark.dataset.due) - now();
      const tone = left < 0 ? "late" : left < 900e3 ? "soon" : "calm";
      put(mark.querySelector("time"), left < 0 ? `late by ${span(-left)}` : `due in ${span(left)}`);
      if (!mark.classList.contains(`tone-${tone}`)) {
        mark.classList.remove("tone-late", "tone-soon", "tone-calm");
        mark.classList.add(`tone-${tone}`);
        document.dispatchEvent(new CustomEvent("omni:stale"));
      }
    }
  };

  const whole = new WeakMap(); // how long a countdown was when it was first seen
  const spoken = new Set();
  const speakOffer = (left, element) => {
    const offer = element.closest("[data-offer]");
    for (const mark of [30, 10]) {
      const key = `${offer?.dataset.offer}:${mark}`;
      if (!offer || left > mark * 1e3 || left < (mark - 3) * 1e3 || spoken.has(key)) continue;
      spoken.add(key);
      document.getElementById("spoken").textContent = `${offer.dataset.name}: ${mark} seconds left to accept`;
    }
  };
  const refreshCountdowns = () => {
    for (const element of document.querySelectorAll("[data-countdown]")) {
      const left = Math.max(0, Number(element.dataset.countdown) - now());
      const seconds = Math.ceil(left / 1e3);
      if (element.dataset.say === "in") put(element, seconds ? `in ${seconds} s` : "now");
      else put(element, `${Math.floor(seconds / 60)}:${two(seconds % 60)}`);
      if (left) speakOffer(left, element);
      else if (!element.dataset.over) {
        element.dataset.over = "yes";
        setTimeout(() => document.dispatchEvent(new CustomEvent("omni:stale")), 400);
      }
    }
    for (const drain of document.querySelectorAll("[data-drain]")) {
      const left = Math.max(0, Number(drain.dataset.drain) - now());
      if (!whole.has(drain)) whole.set(drain, Math.max(left, 1));
      drain.style.setProperty("--left", (left / whole.get(drain)).toFixed(3));
    }
  };

  const all = () => { refreshSpans(); refreshCountdowns(); };
  setInterval(refreshCountdowns, 250);
  setInterval(refreshSpans, 5000);
  document.addEventListener("htmx:after:swap", all);
  all();
})();
