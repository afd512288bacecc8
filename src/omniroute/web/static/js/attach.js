// Files that go along: chosen, dropped or pasted, they are on their way at once, each with a chip that
// takes it away again. What has been brought is kept with the draft.
"use strict";
(() => {
  const boxes = () => document.querySelectorAll("[data-attached]");
  const boxOf = (node) => node?.closest?.("form")?.querySelector("[data-attached]");
  const chipsOf = (box) => [...box.querySelectorAll(".chip")];
  const underWay = new Map(); // chip → request

  const size = (bytes) => {
    if (bytes < 1000) return `${bytes} B`;
    return bytes < 1_000_000 ? `${Math.floor(bytes / 1000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
  };

  // --- what the way of the answer takes -----------------------------------------------------------
  const FEWEST = { files: 10, largest: 25_000_000 };
  const takes = (box) => {
    const form = box.closest("form");
    const way = box.dataset.attached === "reply" &&
      (form.querySelector("select[name=to] option:checked") ?? form.querySelector("[data-takes]"));
    return way ? { files: Number(way.dataset.files), largest: Number(way.dataset.largest) } : FEWEST;
  };
  const fault = (box) => {
    const { files, largest } = takes(box), chips = chipsOf(box);
    if (!chips.length) return "";
    if (!files) return "No files go this way. Take them out, or choose another way.";
    if (chips.length > files) return `At most ${files} go along at once. Take some out, and send them after this.`;
    const big = chips.find((chip) => Number(chip.dataset.bytes) > largest);
    return big ? `“${big.querySelector("bdi").textContent}” is too big: at most ${size(largest)}.` : "";
  };
  const look = (box) => {
    const form = box.closest("form"), chips = chipsOf(box);
    for (const chip of chips) chip.querySelector("[data-off]").hidden = false;
    const wrong = chips.find((chip) => chip.dataset.fault)?.dataset.fault;
    const said = wrong || fault(box), place = box.querySelector("[data-attached-said]");
    if (place.textContent !== said) place.textContent = said;
    form.querySelector("[data-draft]").required = !chips.length;
    form.querySelector("input[type=file]").disabled = !takes(box).files && !chips.length;
    const shown = form.querySelector("option:checked")?.dataset.takes;
    if (shown) form.querySelector("span[data-takes]").textContent = `· ${shown}`;
  };

  // --- kept with the draft ------------------------------------------------------------------------
  const name = (mode, thread) => `${globalThis.omniroute.draft(mode, thread)}.files`;
  const isHere = (thread) => String(thread) === document.querySelector("[data-thread]")?.dataset.thread;
  const keep = (box) => {
    const files = chipsOf(box).map((chip) => chip.querySelector("input").value).filter(Boolean);
    try {
      if (files.length) localStorage.setItem(name(box.dataset.attached), JSON.stringify(files));
      else localStorage.removeItem(name(box.dataset.attached));
    } catch { /* this browser keeps nothing */ }
    look(box);
  };
  const stored = (box) => {
    try { return JSON.parse(localStorage.getItem(name(box.dataset.attached))) ?? []; } catch { return []; }
  };
  const restore = () => {
    for (const box of boxes()) {
      if (!chipsOf(box).length) for (const file of stored(box)) chipFor(box, file);
      look(box);
    }
  };

  // --- chips --------------------------------------------------------------------------------------
  const makeChip = (box, called, bytes) => {
    const chip = box.querySelector("template").content.firstElementChild.cloneNode(true);
    chip.querySelector("bdi").textContent = called;
    chip.querySelector("[data-size]").textContent = size(bytes);
    chip.querySelector("[data-off] .unseen").textContent = `Remove ${called}`;
    chip.dataset.bytes = bytes;
    box.querySelector(".chips").append(chip);
    return chip;
  };
  const chipFor = (box, kept) => {
    const file = JSON.parse(kept), chip = makeChip(box, file.name, file.size);
    fill(chip, kept);
  };
  const fill = (chip, kept) => {
    const field = chip.querySelector("input");
    field.value = kept;
    field.checked = true;
  };
  const add = (box, files) => {
    for (const file of files) {
      const chip = makeChip(box, file.name, file.size);
      if (file.size > takes(box).largest || chipsOf(box).length > takes(box).files) continue; // said by look()
      bring(box, chip, file);
    }
    look(box);
  };

  // XMLHttpRequest, since fetch does not tell how far it has come.
  const bring = (box, chip, file) => {
    const request = new XMLHttpRequest(), bar = chip.querySelector("progress");
    const wrong = (text) => {
      chip.classList.add("is-wrong");
      chip.dataset.fault = text;
    };
    underWay.set(chip, request);
    bar.hidden = false;
    request.upload.addEventListener("progress", ({ loaded, total }) => { bar.value = total ? loaded / total : 0; });
    request.addEventListener("load", () => {
      if (request.status === 200) fill(chip, JSON.parse(request.responseText).kept);
      else wrong(told(request) || `“${file.name}” could not be taken. Remove it and try again.`);
    });
    request.addEventListener("error", () => wrong(`No connection: “${file.name}” did not arrive. Remove it and choose it again.`));
    request.addEventListener("loadend", () => {
      underWay.delete(chip);
      bar.hidden = true;
      if (chip.isConnected) keep(box);
    });
    request.open("POST", `${box.dataset.bring}?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("X-CSRF-Token", box.dataset.token);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.send(file);
  };
  const told = (request) => {
    try { return JSON.parse(request.responseText).text; } catch { return ""; }
  };

  document.addEventListener("click", ({ target }) => {
    const chip = target.closest?.("[data-off]")?.closest(".chip");
    if (!chip) return;
    const box = boxOf(chip), next = chip.nextElementSibling ?? chip.previousElementSibling;
    underWay.get(chip)?.abort();
    chip.remove();
    keep(box);
    (next?.querySelector("[data-off]") ?? box.closest("form").querySelector("input[type=file]")).focus();
  });

  // --- chosen, dropped, pasted --------------------------------------------------------------------
  document.addEventListener("change", ({ target }) => {
    if (target.matches("select[name=to]") && boxOf(target.form)) return look(boxOf(target.form));
    if (target.type !== "file" || !boxOf(target)) return;
    add(boxOf(target), [...target.files]);
    target.value = ""; // it is on its way; the form need not bring it again
  });
  const open = () => [...boxes()].find((box) => box.offsetParent) ?? null;
  const brings = (event) => event.dataTransfer?.types.includes("Files") && event.target.closest?.(".thread") && open();
  const over = (is) => document.querySelector(".thread")?.classList.toggle("is-over", is);
  document.addEventListener("dragover", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    over(true);
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget?.closest?.(".thread")) over(false); });
  document.addEventListener("drop", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    over(false);
    add(open(), [...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const box = event.target.matches?.("[data-draft]") && boxOf(event.target);
    const files = [...(event.clipboardData?.files ?? [])];
    if (!box || !files.length || event.clipboardData.types.includes("text/plain")) return; // a table comes as both
    event.preventDefault();
    add(box, files);
  });

  // --- sending ------------------------------------------------------------------------------------
  document.addEventListener("submit", (event) => {
    const box = boxOf(event.target.querySelector?.("[data-attached]"));
    if (!box) return;
    const chips = chipsOf(box), waits = chips.some((chip) => underWay.has(chip));
    const missing = chips.find((chip) => !chip.querySelector("input").value);
    if (!waits && !missing && !fault(box)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    look(box);
    const place = box.querySelector("[data-attached-said]");
    if (waits) place.textContent = "A file is still on its way. Send when it is there.";
    else if (!place.textContent) place.textContent = "One of these files is not there. Remove it, or choose it again.";
  }, true);
  document.addEventListener("omni:saved", ({ detail }) => {
    try { localStorage.removeItem(name(detail.mode, detail.thread)); } catch { /* none was kept */ }
    if (!isHere(detail.thread)) return;
    const box = document.querySelector(`[data-attached="${detail.mode}"]`);
    box?.querySelector(".chips").replaceChildren();
    if (box) look(box);
  });
  document.addEventListener("omni:withdrawn", ({ detail }) => {
    const box = document.querySelector('[data-attached="reply"]');
    if (!box || !isHere(detail.thread)) return;
    for (const file of detail.files) chipFor(box, file);
    keep(box);
  });

  document.addEventListener("htmx:after:swap", restore);
  restore();
})();
