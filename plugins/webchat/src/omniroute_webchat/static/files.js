// Files of the message that is being written: chosen, dropped or pasted, they are on their way at
// once.  Each has a chip that tells how far it has come, or what to do, and takes it away again.

import { bring } from "./api.js";

export class Files {
  // `session()` opens a session if there is none; `onChange()` is told when there is more or less.
  constructor({ list, input, drop, field, words, rules, session, onChange }) {
    Object.assign(this, { list, input, words, rules, session, onChange });
    this.chips = new Map(); // element → what is known of its file
    if (!rules.largest) return;
    input.addEventListener("change", () => {
      this.add([...input.files]);
      input.value = "";
    });
    field.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length || event.clipboardData.types.includes("text/plain")) return;
      event.preventDefault();
      this.add(files);
    });
    const brings = (event) => event.dataTransfer?.types.includes("Files");
    drop.addEventListener("dragover", (event) => {
      if (!brings(event)) return;
      event.preventDefault();
      drop.classList.add("over");
    });
    drop.addEventListener("dragleave", (event) => {
      if (!drop.contains(event.relatedTarget)) drop.classList.remove("over");
    });
    drop.addEventListener("drop", (event) => {
      drop.classList.remove("over");
      if (!brings(event)) return;
      event.preventDefault();
      this.add([...event.dataTransfer.files]);
    });
  }

  // Whether all that is there can go along; with nothing there it can, too.
  get ready() {
    return [...this.chips.values()].every((one) => one.file);
  }

  get count() {
    return this.chips.size;
  }

  // What goes along, which is then somebody else's to keep.
  take() {
    const files = [...this.chips.values()].map((one) => one.file);
    this.clear();
    return files;
  }

  clear() {
    for (const one of this.chips.values()) one.abort?.();
    this.chips.clear();
    this.list.replaceChildren();
    this.onChange();
  }

  // A message comes back to be changed: its files are brought already.
  put(files = []) {
    for (const file of files) this.#show(this.#chip(file.name), { file });
  }

  add(files) {
    for (const file of files) {
      const chip = this.#chip(file.name);
      const fault = this.#fault(file);
      if (fault) this.#show(chip, { fault });
      else this.#bring(chip, file);
    }
  }

  #fault({ name, size }) {
    const { largest, types, most } = this.rules;
    if (this.chips.size >= most) return this.words.file_many.replace("{count}", most);
    if (size > largest) return this.words.file_big.replace("{count}", Math.floor(largest / 1_000_000) || "<1");
    const ending = types.some((type) => name.toLowerCase().endsWith(type));
    return types.length && !ending ? this.words.file_type.replace("{types}", types.join(" ")) : "";
  }

  async #bring(chip, file) {
    this.#show(chip, {});
    try {
      await this.session();
      const { done, abort } = bring(file, (share) => { chip.querySelector("progress").value = share; });
      if (!this.chips.has(chip)) return abort();
      this.#show(chip, { abort });
      const brought = await done;
      if (this.chips.has(chip)) this.#show(chip, { file: brought });
    } catch (error) {
      if (this.chips.has(chip)) this.#show(chip, { fault: this.#said(error.code) });
    }
  }

  #said(code) {
    if (code === "too_fast" || code === "too_many_files") return this.words.file_fast;
    if (code === "too_big") return this.words.file_big.replace("{count}", Math.floor(this.rules.largest / 1_000_000) || "<1");
    return this.words.file_failed;
  }

  #chip(name) {
    const chip = document.createElement("li");
    const called = document.createElement("span");
    const said = document.createElement("span");
    const bar = document.createElement("progress");
    const off = document.createElement("button");
    called.className = "called";
    called.dir = "auto";
    called.textContent = name;
    said.className = "said";
    bar.setAttribute("aria-label", this.words.file_coming);
    off.type = "button";
    off.textContent = "×";
    off.setAttribute("aria-label", this.words.file_off.replace("{name}", name));
    off.addEventListener("click", () => {
      this.chips.get(chip)?.abort?.();
      this.chips.delete(chip);
      chip.remove();
      this.onChange();
      this.input.focus();
    });
    chip.append(called, bar, said, off);
    this.list.append(chip);
    return chip;
  }

  #show(chip, state) {
    this.chips.set(chip, state);
    chip.classList.toggle("wrong", Boolean(state.fault));
    chip.querySelector("progress").hidden = Boolean(state.file || state.fault);
    chip.querySelector(".said").textContent = state.fault ?? "";
    this.onChange();
  }
}
