// Telling an agent who looks elsewhere: a soft sound and a notification, each only if wished for.
"use strict";
(() => {
  const wishes = new Set(document.body.dataset.wishes.split(" "));
  const title = document.title;
  let known = new Set();

  const sound = (high) => {
    const audio = new AudioContext();
    const volume = new GainNode(audio, { gain: 0 });
    volume.connect(audio.destination);
    for (const [index, pitch] of (high ? [660, 880] : [520]).entries()) {
      const tone = new OscillatorNode(audio, { type: "sine", frequency: pitch });
      const start = audio.currentTime + index * 0.16;
      tone.connect(volume);
      volume.gain.setTargetAtTime(0.12, start, 0.015);
      volume.gain.setTargetAtTime(0, start + 0.1, 0.06);
      tone.start(start);
      tone.stop(start + 0.5);
    }
    setTimeout(() => audio.close(), 1500);
  };
  const notify = (text) => {
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    const note = new Notification(text, { tag: "omniroute", icon: "/static/icon.svg" });
    note.onclick = () => { window.focus(); note.close(); };
  };

  // `first` marks the one tab that holds the stream, so that many tabs make one sound.
  document.addEventListener("omni:change", ({ detail: change }) => {
    if (!change.first || !(change.offered || change.wrote)) return;
    if (wishes.has("sound")) sound(change.offered);
    if (wishes.has("notify") && document.hidden) {
      notify(change.offered ? "A thread is offered to you" : "Your customer wrote");
    }
  });

  // A screen reader hears a new offer at once; nothing else interrupts it.
  const look = (first) => {
    const offers = [...document.querySelectorAll("[data-offer]")];
    const fresh = offers.filter((offer) => !known.has(offer.dataset.offer));
    known = new Set(offers.map((offer) => offer.dataset.offer));
    if (fresh.length && !first) {
      document.getElementById("spoken").textContent = `${fresh[0].dataset.name} is offered to you`;
    }
    const count = document.getElementById("offer-count")?.dataset.count ?? "0";
    document.title = count === "0" ? title : `(${count}) ${title}`;
  };
  document.addEventListener("htmx:after:swap", () => look(false));
  look(true);

  document.getElementById("wishes")?.addEventListener("change", async (event) => {
    const said = document.getElementById("wish-said");
    if (event.target.name === "sound" && event.target.checked) sound(true);
    if (event.target.name !== "notify" || !event.target.checked) return;
    const answer = "Notification" in window ? await Notification.requestPermission() : "denied";
    said.textContent = answer === "granted" ? "" : "This browser does not allow notifications.";
    event.target.checked = answer === "granted";
  });
})();
