// Who is writing right now. Told while it is so, shown for a moment, kept nowhere.
"use strict";
(() => {
  const CALM = 4000; // ms between two signs of ours
  const FADES = 7000; // ms for which one of the customer's is shown
  const thread = document.querySelector("[data-thread]")?.dataset.thread;
  const place = document.getElementById("writes");
  if (!thread || !place) return;

  let last = 0, fading = 0;
  document.addEventListener("input", ({ target }) => {
    if (target.id !== "reply-text" || !target.value.trim() || Date.now() - last < CALM) return;
    last = Date.now();
    const token = target.form.querySelector("[name=token]").value;
    fetch(`/threads/${thread}/writing`, { method: "POST", body: new URLSearchParams({ token }) }).catch(() => {});
  });

  const hide = () => { place.hidden = true; };
  document.addEventListener("omni:writing", ({ detail }) => {
    if (String(detail) !== thread) return;
    clearTimeout(fading);
    place.textContent = `${place.dataset.name} is writing …`;
    place.hidden = false;
    fading = setTimeout(hide, FADES);
  });
  document.addEventListener("omni:change", ({ detail }) => { if (detail.threads.includes(Number(thread))) hide(); });
})();
