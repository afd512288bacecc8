// What the visitor has written and the server has not yet confirmed.  It is kept over reloads and
// sent in order, each line with an id of its own, so that sending again doubles nothing.

import { Failed, ask } from "./api.js";
import { lasting } from "./store.js";

export class Outbox {
  // onChange(line) tells how a line fares; session() opens one if there is none.
  constructor({ onChange, onSent, session, onLost }) {
    Object.assign(this, { onChange, onSent, session, onLost });
    this.lines = lasting.get("outbox") ?? [];
    this.sending = false;
    this.failures = 0;
    addEventListener("online", () => this.hurry?.());
  }

  add(text, files = []) {
    const line = { id: newId(), text, files, at: Date.now(), state: "sending" };
    this.lines.push(line);
    this.#keep();
    this.onChange(line);
    this.send();
  }

  // Another person sits here now: what is not sent is not theirs.
  clear() {
    this.lines = [];
    this.#keep();
  }

  take(id) {
    const line = this.lines.find((one) => one.id === id);
    this.lines = this.lines.filter((one) => one.id !== id);
    this.#keep();
    return line;
  }

  async send() {
    if (this.sending) return;
    this.sending = true;
    let line;
    while ((line = this.lines.find((one) => one.state !== "failed"))) {
      try {
        await this.session();
        const { id, text } = line;
        const files = (line.files ?? []).map((file) => file.id);
        await ask("messages", { method: "POST", body: { id, text, files } });
        this.failures = 0;
        if (this.take(id)) this.onSent(line); // its number comes with the line itself
      } catch (error) {
        await this.#stumble(line, error);
      }
    }
    this.sending = false;
  }

  async #stumble(line, error) {
    if (!(error instanceof Failed)) throw error;
    this.failures += 1;
    if (error.status === 401 && this.failures < 3) return this.onLost();
    if (!error.passing) {
      Object.assign(line, { state: "failed", code: error.code });
      this.#keep();
      return this.onChange(line);
    }
    line.state = "waiting";
    if (this.lines.includes(line)) this.onChange(line);
    const most = Math.min(500 * 2 ** this.failures, 15_000);
    return this.#pause(Math.max(error.retryAfter * 1000, most * (0.5 + Math.random() / 2)));
  }

  #pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.hurry = () => { clearTimeout(timer); resolve(); };
    });
  }

  #keep() {
    lasting.set("outbox", this.lines.length ? this.lines : null);
  }
}

// randomUUID is there on https and localhost only.
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
