// The page: who is here, what was said, what is said now.

import { currentSession, embedded, endSession, openSession, ask, Failed } from "./api.js";
import { Composer } from "./composer.js";
import { Files } from "./files.js";
import { Live } from "./live.js";
import { Log } from "./log.js";
import { newId, Outbox } from "./outbox.js";
import { Prove } from "./prove.js";
import { lasting } from "./store.js";

const { words, longest, files: rules, origins, proves, telegram } = JSON.parse(document.getElementById("given").textContent);
const $ = (id) => document.getElementById(id);
const title = document.title;
const hosts = [location.origin, ...origins];

let session = null; // what the server says of us
let opening = null; // being asked for
let visible = true; // as far as the page around us knows
let unread = 0;

const log = new Log({
  log: $("log"), scroll: $("scroll"), newer: $("newer"), words, language: document.documentElement.lang,
  answer: (id, given) => ask("answers", { method: "POST", body: { id, key: newId(), ...given } }),
});
const live = new Live({
  onLine: (line) => arrived(log.show([line], { fresh: true })),
  onState: showState,
  onLost: () => { session = null; resume(); },
  onWriting: showWriting,
});
const outbox = new Outbox({
  onChange: (line) => log.showPending(line, line.state === "failed" ? [[words.edit, () => edit(line.id)]] : []),
  onSent: (line) => log.show([{ ...line, direction: "in" }], { fresh: true }),
  session: async () => {
    if (!session) await open();
    await prove.use();
  },
  onLost: () => { session = null; },
});
const files = new Files({
  list: $("files"), input: $("file"), drop: document.querySelector(".chat"), field: $("text"), words, rules,
  session: async () => { if (!session) await open(); }, onChange() {},
});
const composer = new Composer({
  files,
  form: $("composer"), field: $("text"), button: $("send"), count: $("count"),
  words, longest, onSay: (text, files) => outbox.add(text, files), onType: typing,
});

const prove = new Prove({ words, telegram, session: async () => session ?? open() });
prove.show(proves);
const brought = fromAddress("from");
if (proves && brought) prove.bring(brought);

// --- who is here ---------------------------------------------------------------------------------

// One at a time: a token is good once, and two sessions would be two visitors.
async function open(token) {
  while (opening) await opening.catch(() => {});
  if (session && !token) return;
  opening = openSession(token).then(adopt);
  try {
    await opening;
  } finally {
    opening = null;
  }
}

async function adopt(about) {
  const before = lasting.get("visitor");
  const changed = before !== null && before.visitor !== about.visitor;
  if (changed) {
    log.clear();
    // What a guest has not sent yet is still theirs; what a user has not sent is nobody else's.
    if (before.identified) {
      outbox.clear();
      files.clear();
    }
  }
  lasting.set("visitor", { visitor: about.visitor, identified: about.identified });
  session = about;
  prove.show(proves && (!about.identified || Boolean(prove.link)));
  $("who").textContent = about.identified && about.name ? words.signed_in.replace("{name}", about.name) : "";
  await showHistory();
  outbox.lines.forEach((line) => outbox.onChange(line));
}

async function showHistory() {
  const { lines, more } = await (await ask("lines")).json();
  log.show(lines);
  $("earlier").hidden = !more;
  $("greeting").hidden = more;
  live.start(Math.max(0, ...lines.map((line) => line.seq)));
}

// Go on where this browser left off; ask until the server answers.
async function resume(token) {
  for (let wait = 500; ; wait = Math.min(wait * 2, 15_000)) {
    try {
      if (token) await open(token);
      else {
        const about = await currentSession();
        if (about) await adopt(about);
        else showState("online"); // nothing said yet: a session begins with the first line
      }
      break;
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      if (!error.passing) token = undefined;
      showState(error.status ? "starting" : "offline");
      await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random() / 2)));
    }
  }
  outbox.lines.forEach((line) => outbox.onChange(line));
  outbox.send();
}

$("earlier").addEventListener("click", async () => {
  const { lines, more } = await (await ask(`lines?before=${log.oldest}`)).json();
  log.holding(() => {
    log.show(lines);
    $("earlier").hidden = !more;
    $("greeting").hidden = more;
  });
  if (!more) $("scroll").focus();
});

function edit(id) {
  const line = outbox.take(id);
  log.remove(id);
  if (line) composer.edit(line);
}

// --- what it looks like --------------------------------------------------------------------------

function showState(state) {
  if ($("state").dataset.state === state) return;
  $("state").dataset.state = state;
  $("state-text").textContent = words[state];
}

// Somebody answers right now: shown for a moment, or until the answer is there.
let fading = 0;
function showWriting() {
  clearTimeout(fading);
  $("writing").textContent = words.writing;
  fading = setTimeout(hideWriting, 7000);
}

function hideWriting() {
  $("writing").textContent = "";
}

// The other way round: told every few seconds, and never again if it is lost.
let told = 0;
function typing() {
  if (!session || Date.now() - told < 4000) return;
  told = Date.now();
  ask("writing", { method: "POST", body: {} }).catch(() => {});
}

function arrived(lines) {
  if (lines.length) hideWriting();
  if (visible && !document.hidden) return;
  unread += lines.filter((line) => line.direction === "out").length;
  showUnread();
}

function showUnread() {
  document.title = unread ? words.unread.replace("{count}", unread).replace("{title}", title) : title;
  tellHost("unread", { count: unread });
}

function seen() {
  if (document.hidden || !visible || !unread) return;
  unread = 0;
  showUnread();
}

document.addEventListener("visibilitychange", seen);

// --- the page around us --------------------------------------------------------------------------

// The policy of this page names who may frame it, so nobody else hears this; it holds no secret.
function tellHost(what, more = {}) {
  if (embedded) parent.postMessage({ omniroute: what, ...more }, "*");
}

function fromHost(event) {
  if (event.source !== parent || !hosts.includes(event.origin)) return;
  const { omniroute: what, token, kept } = event.data ?? {};
  if (what === "hello") meet(event.origin, kept, token);
  else if (what === "token" && typeof token === "string") resume(token);
  else if (what === "sign-out") signOut();
  else if (what === "shown" || what === "hidden") {
    visible = what === "shown";
    if (visible) $("text").focus();
    seen();
  }
}

// The widget around us: it may have a token for us, and keeps things where we may not.
function meet(origin, kept, token) {
  if (lasting.denied) {
    Object.assign(lasting.memory, kept);
    lasting.onChange = () => parent.postMessage({ omniroute: "keep", kept: lasting.memory }, origin);
    outbox.lines = lasting.get("outbox") ?? [];
  }
  begin(typeof token === "string" ? token : undefined);
}

async function signOut() {
  live.stop();
  outbox.clear();
  files.clear();
  session = null;
  lasting.set("visitor", null);
  log.clear();
  $("greeting").hidden = false;
  $("earlier").hidden = true;
  $("who").textContent = "";
  await endSession();
}

if (embedded) {
  visible = false;
  document.documentElement.classList.add("embedded");
  $("close").hidden = false;
  $("close").addEventListener("click", () => tellHost("close"));
  addEventListener("keydown", (event) => event.key === "Escape" && tellHost("close"));
  addEventListener("message", fromHost);
  tellHost("ready");
}

// A token in the address is taken out of it at once, so that it is in no bookmark and no history.
// The fragment is the better place: servers and proxies never see it.
function fromAddress(name) {
  const address = new URL(location.href);
  const fragment = new URLSearchParams(address.hash.slice(1));
  const token = fragment.get(name) ?? address.searchParams.get(name);
  if (!token) return undefined;
  address.searchParams.delete(name);
  fragment.delete(name);
  address.hash = fragment.toString();
  history.replaceState(null, "", address);
  return token;
}

let begun = false;

function begin(token) {
  if (begun && !token) return;
  begun = true;
  resume(token ?? fromAddress("token"));
}

if (embedded) setTimeout(begin, 1000); // a frame without our widget around it
else begin();
if (!embedded) $("text").focus();
