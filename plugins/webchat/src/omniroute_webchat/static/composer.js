// Where the visitor writes.  A draft survives a reload of the page.

import { passing } from "./store.js";

export class Composer {
  constructor({ form, field, button, count, words, longest, files, onSay, onType }) {
    Object.assign(this, { form, field, button, count, words, longest, files, onSay, onType });
    files.onChange = () => this.#look();
    // What was typed while this script was still on its way stands; it is newer than the draft.
    field.value ||= passing.get("draft") ?? "";
    field.addEventListener("input", () => {
      this.#look();
      if (field.value.trim()) onType();
    });
    field.addEventListener("keydown", (event) => this.#key(event));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#say();
    });
    this.#look();
  }

  // Back into the field, to be changed; what is there already stays.
  edit({ text, files }) {
    this.files.put(files);
    this.field.value = this.field.value ? `${text}\n${this.field.value}` : text;
    this.#look();
    this.field.focus();
  }

  #key(event) {
    // Enter that ends the composing of a character sends nothing; on a touch keyboard it is the
    // only way to a new line.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    if (matchMedia("(pointer: coarse)").matches) return;
    event.preventDefault();
    this.#say();
  }

  #say() {
    const text = this.field.value.trim();
    if ((!text && !this.files.count) || !this.files.ready || [...text].length > this.longest) return;
    this.field.value = "";
    this.#look();
    this.field.focus();
    this.onSay(text, this.files.take());
  }

  #look() {
    const text = this.field.value.trim();
    const left = this.longest - [...text].length;
    passing.set("draft", this.field.value || null);
    this.button.disabled = (!text && !this.files.count) || !this.files.ready || left < 0;
    this.count.classList.toggle("over", left < 0);
    const words = left < 0 ? this.words.too_long : this.words.left;
    this.count.textContent = left < this.longest / 20 ? words.replace("{count}", Math.abs(left)) : "";
    this.field.setAttribute("aria-invalid", String(left < 0));
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }
}
