// Talking to the server.  A page of its own is known by a cookie that no script can read; inside
// another site's page cookies may be blocked, so there the session's secret is kept here instead.

import { lasting } from "./store.js";

export const embedded = window.parent !== window;

export class Failed extends Error {
  constructor(status, code, text, retryAfter) {
    super(code);
    Object.assign(this, { status, code, text, retryAfter });
  }

  // Whether the same request may succeed later.
  get passing() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export async function ask(path, { method = "GET", body, headers = {}, signal } = {}) {
  const all = { ...headers };
  if (body !== undefined) all["Content-Type"] = "application/json";
  if (embedded) all["X-Chat-Session"] = lasting.get("session") ?? "";
  let response;
  try {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    response = await fetch(path, { method, headers: all, body: sent, signal, credentials: "same-origin", cache: "no-store" });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Failed(0, "network", "", 0);
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  const wait = Number(response.headers.get("Retry-After")) || 0;
  throw new Failed(response.status, problem.error ?? "unknown", problem.text ?? "", wait);
}

// A file on its way: `done` is what the server calls it.  XMLHttpRequest tells how far it has come.
export function bring(file, onShare) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    const said = () => { try { return JSON.parse(request.responseText); } catch { return {}; } };
    request.upload.addEventListener("progress", ({ loaded, total }) => onShare(total ? loaded / total : 0));
    request.addEventListener("load", () => {
      if (request.status === 200) resolve(said());
      else reject(new Failed(request.status, said().error ?? "unknown", said().text ?? "", 0));
    });
    request.addEventListener("error", () => reject(new Failed(0, "network", "", 0)));
    request.addEventListener("abort", () => reject(new Failed(0, "aborted", "", 0)));
    request.open("POST", `files?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    if (embedded) request.setRequestHeader("X-Chat-Session", lasting.get("session") ?? "");
    request.send(file);
  });
  return { done, abort: () => request.abort() };
}

export async function openSession(token) {
  const body = token ? { token, embedded } : { embedded };
  const session = await (await ask("session", { method: "POST", body })).json();
  if (session.session) lasting.set("session", session.session);
  return session;
}

export async function currentSession() {
  const session = await (await ask("session")).json();
  return session.open ? session : null;
}

export async function endSession() {
  await ask("session", { method: "DELETE" });
  lasting.set("session", null);
}
