// The conversation on screen.  Lines stand in the order of their numbers, those not yet sent at the
// end.  What people wrote is only ever set as text.

import { ask } from "./asking.js";

const LINK = /https?:\/\/[^\s<>"'“”]+/g;
const TOGETHER = 5 * 60_000; // ms between lines that read as one

export class Log {
  // `answer(id, { value } or { words })` takes what is pressed below a line that asks.
  constructor({ log, scroll, newer, words, language, answer }) {
    Object.assign(this, { log, scroll, newer, words, answer });
    this.shown = new Map(); // direction and id → element
    this.lines = new WeakMap(); // element → line
    this.clock = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" });
    this.date = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });
    this.following = true;
    scroll.addEventListener("scroll", () => this.#look(), { passive: true });
    newer.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.following && this.toEnd()).observe(scroll);
  }

  // Lines of the server: new ones, or what became of those we sent.  Returns those not seen before.
  show(lines, { fresh = false } = {}) {
    this.#look();
    this.log.setAttribute("aria-busy", String(!fresh)); // history is not read out
    const added = lines.filter((line) => this.#take({ ...line, state: "sent" }, fresh));
    this.#arrange();
    this.log.setAttribute("aria-busy", "false");
    if (this.following) this.toEnd();
    else if (fresh && added.length) this.newer.hidden = false;
    return added;
  }

  // A line of ours that is on its way: sending, waiting or failed.  `actions` are [label, act].
  showPending(line, actions = []) {
    this.#look();
    const isNew = this.#take({ ...line, direction: "in" }, true, actions);
    this.#arrange();
    if (isNew || this.following) this.toEnd();
  }

  remove(id) {
    this.shown.get("in" + id)?.remove();
    this.shown.delete("in" + id);
    this.#arrange();
  }

  clear() {
    for (const element of this.shown.values()) element.remove();
    this.shown.clear();
    this.#arrange();
  }

  get oldest() {
    return Math.min(...[...this.shown.values()].map((element) => number(this.lines.get(element))));
  }

  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.following = true;
    this.newer.hidden = true;
  }

  // Keep what is being read in its place while `change` adds lines above it.
  holding(change) {
    const fromEnd = this.scroll.scrollHeight - this.scroll.scrollTop;
    change();
    this.scroll.scrollTop = this.scroll.scrollHeight - fromEnd;
  }

  // Whether the end is in view, so that it should stay in view.
  #look() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroll;
    this.following = scrollHeight - scrollTop - clientHeight < 60;
    if (this.following) this.newer.hidden = true;
  }

  // Returns whether the line was not there before.
  #take(line, fresh, actions = []) {
    const key = line.direction + line.id;
    let element = this.shown.get(key);
    const isNew = !element;
    if (line.of) { // not a line, but how one reads from now on
      if (element) this.#reword(element, line);
      return false;
    }
    if (!isNew && this.lines.get(element).seq) return false; // said twice
    element ??= this.#make(line, fresh);
    this.shown.set(key, element);
    this.lines.set(element, line);
    this.#state(element, line, actions);
    this.#place(element, line);
    return isNew;
  }

  #make(line, fresh) {
    const mine = line.direction === "in";
    const author = mine ? this.words.you : line.author || this.words.team;
    const element = make("article", `line ${mine ? "mine" : "theirs"}${fresh ? " fresh" : ""}`);
    const face = make("span", "face", [...author][0].toUpperCase());
    const name = make("p", "author", author);
    const bubble = make("div", "bubble");
    const text = make("p");
    face.setAttribute("aria-hidden", "true");
    name.dir = text.dir = "auto"; // each line reads in its own direction, and stands where it stood
    fill(text, this.#said(line));
    bubble.append(text);
    this.#carry(bubble, line);
    if (line.asks) bubble.append(ask(line, this.words, this.answer));
    element.append(face, name, bubble, make("p", "about"));
    return element;
  }

  // Pictures are shown in place, anything else is a link that saves it.
  #carry(bubble, { text, files = [] }) {
    bubble.firstElementChild.hidden = !text && files.length > 0;
    bubble.querySelector(".files")?.remove();
    if (!files.length) return;
    const list = make("div", "files");
    for (const { name, media_type: kind, url } of files) {
      const link = make("a", "", kind.startsWith("image/") ? "" : `📎 ${name}`);
      link.dir = "auto";
      Object.assign(link, { href: url, target: "_blank", rel: "noopener" });
      if (kind.startsWith("image/")) {
        const picture = make("img");
        Object.assign(picture, { src: url, alt: name });
        picture.addEventListener("load", () => this.following && this.toEnd());
        link.append(picture);
      } else link.download = name;
      list.append(link);
    }
    bubble.append(list);
  }

  #reword(element, { text, changed }) {
    const line = { ...this.lines.get(element), text, changed };
    const said = element.querySelector(".bubble p");
    said.textContent = "";
    fill(said, this.#said(line));
    if (changed === "deleted") {
      element.querySelector(".files")?.remove();
      said.hidden = false;
    }
    this.lines.set(element, line);
    this.#state(element, line, []);
  }

  #said(line) {
    return line.changed === "deleted" ? this.words.deleted : line.text;
  }

  // Moved only if it stands wrong: what is moved is read out once more.
  #place(element, line) {
    const others = [...this.log.children].filter((other) => other !== element && !isDay(other));
    const before = others.filter((other) => number(this.lines.get(other) ?? { seq: -1 }) <= number(line)).at(-1);
    let neighbour = element.previousElementSibling;
    while (neighbour && isDay(neighbour)) neighbour = neighbour.previousElementSibling;
    if (element.isConnected && neighbour === (before ?? null)) return;
    if (before) before.after(element);
    else this.log.prepend(element);
  }

  #state(element, line, actions) {
    element.classList.toggle("unsent", line.state !== "sent");
    element.classList.toggle("failed", line.state === "failed");
    const time = make("time", "", this.clock.format(line.at));
    time.dateTime = new Date(line.at).toISOString();
    const parts = [time];
    if (line.state === "failed") parts.push(" · ", this.#fault(line.code));
    else if (line.direction === "in") parts.push(" · ", this.words[line.state]);
    if (line.changed === "edited") parts.push(" · ", this.words.edited);
    element.classList.toggle("deleted", line.changed === "deleted");
    for (const [label, act] of actions) {
      const button = make("button", "", label);
      button.type = "button";
      button.addEventListener("click", act);
      parts.push(" ", button);
    }
    const about = element.querySelector(".about");
    about.classList.toggle("tell", line.state === "waiting" || line.state === "failed");
    about.replaceChildren(...parts);
  }

  #fault(code) {
    return code === "too_long" || code === "too_big" ? this.words.not_sent_long
      : code === "no_file" ? this.words.not_sent_file : this.words.not_sent;
  }

  // Days between lines; lines of one person drawn together.
  #arrange() {
    let before = null;
    let mark = null;
    for (const element of [...this.log.children]) {
      if (isDay(element)) {
        mark?.remove();
        mark = element;
        continue;
      }
      const line = this.lines.get(element);
      const earlier = before && this.lines.get(before);
      const day = line && this.#day(line.at);
      const newDay = line && (!earlier || this.#day(earlier.at) !== day);
      if (!newDay) mark?.remove();
      else if (!mark) element.before(make("p", "day", day));
      else if (mark.textContent !== day) mark.textContent = day;
      mark = null;
      const joined = Boolean(line && earlier) && !newDay && together(earlier, line);
      element.classList.toggle("first", !joined);
      element.classList.add("last");
      if (joined) before.classList.remove("last");
      before = element;
    }
    mark?.remove();
  }

  #day(at) {
    const midnight = (time) => new Date(time).setHours(0, 0, 0, 0);
    const days = Math.round((midnight(Date.now()) - midnight(at)) / 86_400_000);
    if (days === 0) return this.words.today;
    return days === 1 ? this.words.yesterday : this.date.format(at);
  }
}

const number = (line) => line.seq || Infinity;
const isDay = (element) => element.classList.contains("day");

function together(a, b) {
  return a.direction === b.direction && (a.direction === "in" || a.author === b.author) && b.at - a.at < TOGETHER;
}

function make(tag, className, text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}

// Text, with web addresses made into links; every piece is set as text or as a checked address.
function fill(element, text) {
  let done = 0;
  for (const found of text.matchAll(LINK)) {
    const address = found[0].replace(/[.,;:!?)\]}…]+$/, "");
    if (!URL.canParse(address)) continue;
    const link = make("a", "", address);
    Object.assign(link, { href: address, target: "_blank", rel: "noopener noreferrer nofollow", dir: "ltr" });
    element.append(text.slice(done, found.index), link);
    done = found.index + address.length;
  }
  element.append(text.slice(done));
}
