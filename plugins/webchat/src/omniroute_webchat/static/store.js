// What the browser keeps for this chat.  Storage may be denied (private windows, embedded pages);
// then it lasts as long as the page.

class Shelf {
  constructor(kind) {
    this.prefix = "omniroute-chat:" + location.pathname + ":";
    this.memory = new Map();
    try {
      this.storage = window[kind];
      this.storage.getItem(this.prefix);
    } catch {
      this.storage = null;
    }
  }

  get(name) {
    try {
      return JSON.parse(this.storage?.getItem(this.prefix + name) ?? null) ?? this.memory.get(name) ?? null;
    } catch {
      return this.memory.get(name) ?? null;
    }
  }

  set(name, value) {
    if (value === null) this.memory.delete(name);
    else this.memory.set(name, value);
    try {
      if (value === null) this.storage?.removeItem(this.prefix + name);
      else this.storage?.setItem(this.prefix + name, JSON.stringify(value));
    } catch {
      // Full or denied: the memory has it.
    }
  }
}

export const lasting = new Shelf("localStorage"); // over visits
export const passing = new Shelf("sessionStorage"); // for this window
