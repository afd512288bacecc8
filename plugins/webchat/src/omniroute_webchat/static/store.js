// What the browser keeps for this chat.  Inside another site's page storage may be denied; then it
// lasts as long as the page, and the widget around us is asked to keep it longer.

class Shelf {
  constructor(kind) {
    this.prefix = "omniroute-chat:" + location.pathname + ":";
    this.memory = {};
    this.onChange = () => {};
    try {
      this.storage = window[kind];
      this.storage.getItem(this.prefix);
    } catch {
      this.storage = null;
    }
  }

  get denied() {
    return this.storage === null;
  }

  get(name) {
    try {
      const kept = this.storage?.getItem(this.prefix + name);
      if (kept) return JSON.parse(kept);
    } catch {
      // Denied meanwhile, or not ours: the memory has it.
    }
    return this.memory[name] ?? null;
  }

  set(name, value) {
    this.memory[name] = value;
    try {
      if (value === null) this.storage?.removeItem(this.prefix + name);
      else this.storage?.setItem(this.prefix + name, JSON.stringify(value));
    } catch {
      // Full or denied: the memory has it.
    }
    this.onChange();
  }
}

export const lasting = new Shelf("localStorage"); // over visits
export const passing = new Shelf("sessionStorage"); // for this window
