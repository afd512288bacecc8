// Showing who one is: an address by the code that is sent there, or going on in another app.

import { ask, Failed } from "./api.js";

const $ = (id) => document.getElementById(id);

export class Prove {
  constructor({ words, telegram, session }) {
    Object.assign(this, { words, session });
    $("prove-telegram").hidden = !telegram;
    $("prove-email").addEventListener("submit", (event) => this.#claim(event));
    $("prove-code").addEventListener("submit", (event) => this.#type(event));
    $("prove-telegram").addEventListener("click", () => this.#goOn());
  }

  show(shown) {
    $("prove").hidden = !shown;
  }

  // By a link from a mail: used up with the first line, so that looking at the page does nothing.
  bring(link) {
    this.link = link;
    this.#say(this.words.prove_link);
    this.show(true);
    $("prove").open = true;
    $("prove-email").hidden = true;
  }

  async use() {
    const { link } = this;
    this.link = undefined;
    if (link && (await this.#asked({ link }))) this.#say(this.words.prove_linked);
  }

  async #claim(event) {
    event.preventDefault();
    const email = $("prove-address").value.trim();
    if (await this.#asked({ email })) {
      this.#say(this.words.prove_sent.replace("{email}", email));
      $("prove-code").hidden = false;
      $("prove-digits").focus();
    }
  }

  async #type(event) {
    event.preventDefault();
    const done = await this.#asked({ code: $("prove-digits").value.trim() });
    if (!done) return;
    this.#say(this.words.prove_done.replace("{email}", done.verified));
    $("prove-code").hidden = $("prove-email").hidden = true;
  }

  async #goOn() {
    const found = await this.#asked(undefined, "proof/link");
    if (found) window.open(found.url, "_blank", "noopener");
  }

  async #asked(body, path = "proof") {
    try {
      await this.session();
      return await (await ask(path, { method: "POST", body })).json();
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      const { words } = this;
      const said = { bad_code: words.prove_bad_code, too_many: words.prove_too_many, email: words.prove_email, bad_link: words.prove_bad_link };
      this.#say(said[error.code] ?? words.prove_failed);
      return null;
    }
  }

  #say(text) {
    $("prove-said").textContent = text;
  }
}
