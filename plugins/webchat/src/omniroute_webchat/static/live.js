// Lines as they come.  The stream names each line's number; after a break we ask for what came
// after the last one we saw, so that nothing is missed.  Where a proxy holds streams back, we ask
// every few seconds instead.

import { Failed, ask } from "./api.js";

const SILENCE = 40_000; // ms; the server is heard every 15 s
const FIRST_SIGN = 10_000;
const POLL = 4_000;
const POLLS = 15; // then the stream gets another chance

export class Live {
  constructor({ onLine, onState, onLost, onWriting }) {
    Object.assign(this, { onLine, onState, onLost, onWriting });
    this.after = 0;
    this.running = null;
    const again = () => this.hurry?.();
    addEventListener("online", again);
    addEventListener("offline", () => this.breakOff?.()); // it would only go silent
    document.addEventListener("visibilitychange", () => document.hidden || again());
  }

  start(after) {
    this.stop();
    this.after = after;
    this.running = new AbortController();
    this.run(this.running.signal);
  }

  stop() {
    this.running?.abort();
    this.running = null;
  }

  async run(signal) {
    let failures = 0;
    while (!signal.aborted) {
      let heard = false;
      try {
        heard = await this.listen(signal);
        if (!heard) await this.poll(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error.status === 401) return this.onLost();
        if (error.code === "streams") await this.poll(signal).catch(() => {});
      }
      if (signal.aborted) return;
      failures = heard ? 0 : failures + 1;
      this.onState(navigator.onLine ? "connecting" : "offline");
      const most = Math.min(500 * 2 ** failures, 15_000);
      await this.pause(most * (0.5 + Math.random() / 2));
    }
  }

  // One stream, until it ends; tells whether anything was heard of it.
  async listen(signal) {
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    this.breakOff = stop;
    signal.addEventListener("abort", stop);
    let timer = setTimeout(stop, FIRST_SIGN);
    let heard = false;
    try {
      const headers = { "Last-Event-ID": String(this.after) };
      const response = await ask("stream", { headers, signal: attempt.signal });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return heard;
        if (!heard) this.onState("online");
        heard = true;
        clearTimeout(timer);
        timer = setTimeout(stop, SILENCE);
        const events = (rest + value).split("\n\n");
        rest = events.pop();
        events.forEach((event) => this.take(event));
      }
    } catch (error) {
      if (signal.aborted || error instanceof Failed) throw error;
      return heard; // broken off, or never a sign of life
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }

  take(event) {
    const data = event.split("\n").find((line) => line.startsWith("data: "));
    if (event.startsWith("event: writing")) this.onWriting();
    else if (data) this.bring(JSON.parse(data.slice(6)));
  }

  bring(line) {
    if (line.seq <= this.after) return;
    this.after = line.seq;
    this.onLine(line);
  }

  async poll(signal) {
    for (let i = 0; i < POLLS && !signal.aborted; i++) {
      const { lines } = await (await ask("lines?after=" + this.after, { signal })).json();
      this.onState("online");
      lines.forEach((line) => this.bring(line));
      await this.pause(POLL);
    }
  }

  pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.hurry = () => { clearTimeout(timer); resolve(); };
    });
  }
}
