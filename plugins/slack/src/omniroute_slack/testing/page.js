"use strict";
const $ = (choice) => document.querySelector(choice);
const asked = new URLSearchParams(location.search);
const user = asked.get("user") || "", follows = asked.has("follow");
const EMOJI = {
  hourglass_flowing_sand: "⏳", white_check_mark: "✅", x: "❌", leftwards_arrow_with_hook: "↩️",
  memo: "📝", checkered_flag: "🏁", eyes: "👀", "+1": "👍", thumbsup: "👍", tada: "🎉", heart: "❤️",
};
const FACES = ["#1264a3", "#2b7a4b", "#a3455a", "#6b4fa0", "#9a6700", "#0b7285"];
let state = null, room = "", thread = "", tab = "messages", edits = null;
let formOpen = "", drawn = "";
const done = new Set(), read = {};

const make = (tag, about = {}, ...inside) => {
  const made = Object.assign(document.createElement(tag), about);
  made.append(...inside);
  return made;
};
async function act(what) {
  const body = JSON.stringify({ user, room, ...what });
  await fetch("client/do", { method: "POST", body });
}

/* Slack's own marks, as elements: nothing that somebody wrote becomes markup of the page. */
const plain = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
const FORM = /```([^]+?)```|`([^`\n]+)`|<([^<>|\n]+)(?:\|([^<>\n]*))?>|(?<![\w*])\*(\S(?:[^*\n]*\S)?)\*(?![\w*])|(?<!\w)_(\S(?:[^_\n]*\S)?)_(?!\w)|(?<!\w)~(\S(?:[^~\n]*\S)?)~(?!\w)|:([a-z_+0-9]+):/g;
function marked(text) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(FORM)) {
    parts.push(plain(text.slice(end, found.index)));
    end = found.index + found[0].length;
    const [, pre, code, ref, label, bold, slanted, struck, emoji] = found;
    if (pre) parts.push(make("pre", { textContent: plain(pre) }));
    else if (code) parts.push(make("code", { textContent: plain(code) }));
    else if (ref) parts.push(link(ref, label));
    else if (bold) parts.push(make("b", {}, ...marked(bold)));
    else if (slanted) parts.push(make("i", {}, ...marked(slanted)));
    else if (struck) parts.push(make("s", {}, ...marked(struck)));
    else parts.push(EMOJI[emoji] || found[0]);
  }
  parts.push(plain(text.slice(end)));
  return parts;
}
function link(ref, label) {
  if (ref[0] === "@") return make("b", { textContent: "@" + (state.names[ref.slice(1)] || ref.slice(1)) });
  if (ref[0] === "#") return "#" + (label || ref.slice(1));
  if (ref[0] === "!") return "@" + (label || ref.slice(1));
  if (!/^(https?|mailto):/.test(ref)) return plain(label || ref);
  return make("a", { href: plain(ref), textContent: plain(label || ref), target: "_blank", rel: "noreferrer" });
}
const said = (text, kind = "") => make("p", { className: "text " + kind, dir: "auto" }, ...marked(text || ""));

function blocks(message, press) {
  const shown = [];
  for (const block of message.blocks || []) {
    if (block.type === "divider") shown.push(make("hr"));
    if (block.type === "header") shown.push(make("h3", { textContent: block.text.text }));
    if (block.text && block.type === "section") shown.push(said(block.text.text));
    if (block.type === "context")
      for (const one of block.elements) if (one.text) shown.push(said(one.text, "context"));
    const keys = block.type === "actions" ? block.elements : block.accessory ? [block.accessory] : [];
    const row = keys.filter((one) => one.type === "button").map((one) =>
      make("button", { className: one.style || "", textContent: one.text.text, onclick: () => press(one) }));
    if (row.length) shown.push(make("div", { className: "keys" }, ...row));
  }
  return shown.length ? shown : [said(message.text)];
}

function face(name) {
  const number = [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0);
  const letters = name.split(/\s+/).slice(0, 2).map((word) => [...word][0] || "").join("");
  const made = make("div", { className: "face", textContent: letters.toUpperCase() });
  made.style.background = FACES[number % FACES.length];
  made.setAttribute("aria-hidden", "true");
  return made;
}
const clock = (ts) => new Date(ts * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

function article(message, inThread) {
  const who = message.user || state.bot, name = state.names[who] || who;
  const about = make("div", {}, make("span", { className: "who", textContent: name }));
  if (who === state.bot) about.append(make("span", { className: "app", textContent: "APP" }));
  about.append(" ", make("span", { className: "about", textContent: clock(message.ts) +
    (message.edited ? " (edited)" : "") + (message.aside ? " · Only visible to you" : "") }));
  const press = (button) => {
    if (!inThread) thread = message.thread_ts || message.ts;
    act({ press: button.value, message: message.ts });
  };
  const body = make("div", {}, about, ...blocks(message, press));
  for (const file of message.files || []) {
    const there = "client/files/" + file.id;
    body.append(/^image\/(png|jpeg|gif|webp)$/.test(file.mimetype)
      ? make("img", { src: there, alt: file.name })
      : make("a", { className: "file", href: there, textContent: "📎 " + file.name }));
  }
  const marks = Object.entries(message.reactions || {}).filter(([, users]) => users.length);
  if (marks.length) body.append(make("div", { className: "marks" }, ...marks.map(([mark, users]) =>
    make("span", { textContent: `${EMOJI[mark] || ":" + mark + ":"} ${users.length}`, title: mark }))));
  if (!inThread && message.reply_count) body.append(make("button", { className: "more",
    textContent: message.reply_count === 1 ? "1 reply" : message.reply_count + " replies",
    onclick: () => opens(message.ts) }));
  const made = make("article", { className: message.aside ? "aside" : "" }, face(name), body);
  if (!message.aside) made.append(tools(message, inThread));
  return made;
}
function tools(message, inThread) {
  const row = make("div", { className: "do" });
  const tool = (sign, title, onclick) => {
    const one = make("button", { textContent: sign, title, onclick });
    one.setAttribute("aria-label", title);
    row.append(one);
  };
  if (!inThread) tool("💬", "Reply in thread", () => opens(message.thread_ts || message.ts));
  tool("👍", "React", () => act({ react: "+1", message: message.ts }));
  if (message.user === user) {
    tool("✎", "Edit", () => {
      edits = message;
      const field = $(inThread ? "#reply textarea" : "#say textarea");
      field.value = plain(message.text);
      field.focus();
    });
    tool("🗑", "Delete", () => act({ delete: true, message: message.ts }));
  }
  return row;
}

function opens(ts) { thread = ts; draw(); $("#reply textarea").focus(); }
function goes(id) { room = id; thread = ""; tab = "messages"; edits = null; draw(); }

function rooms() {
  const group = (name, list) => list.length ? [make("h2", { textContent: name }), ...list] : [];
  const one = (here) => {
    const last = here.messages.length ? here.messages[here.messages.length - 1].ts : "";
    if (here.id === room) read[here.id] = last;
    const made = make("button", { textContent: (here.chat ? "● " : "# ") + here.name,
      className: last > (read[here.id] || "") ? "news" : "", onclick: () => goes(here.id) });
    if (here.id === room) made.setAttribute("aria-current", "page");
    return made;
  };
  const chats = state.rooms.filter((here) => here.chat), others = state.rooms.filter((here) => !here.chat);
  $("#rooms").replaceChildren(...group("Channels", others.map(one)), ...group("Apps", chats.map(one)));
  $("#me").textContent = state.names[user];
}

function fill(log, messages, inThread) {
  const low = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  log.replaceChildren(...messages.map((message) => article(message, inThread)));
  if (low || inThread) log.scrollTop = log.scrollHeight;
}

function draw() {
  const here = state.rooms.find((one) => one.id === room) || state.rooms.find((one) => one.chat);
  room = here.id;
  rooms();
  $("#title").textContent = (here.chat ? "" : "# ") + here.name;
  document.title = `${here.name} · ${state.names[user]} · Slack, a stand-in`;
  const shows = here.chat && tab === "home";
  const choices = here.chat ? ["home", "messages"] : [];
  $("#tabs").replaceChildren(...choices.map((name) => {
    const made = make("button", { textContent: name[0].toUpperCase() + name.slice(1), onclick: () => {
      tab = name; thread = "";
      if (name === "home") act({ home: true });
      draw();
    } });
    made.setAttribute("aria-pressed", tab === name);
    return made;
  }));
  $("#home").hidden = !shows;
  $("#log").hidden = $("#say").hidden = shows;
  if (shows) $("#home").replaceChildren(...blocks(state.home || { text: "…" }, () => {}));
  const all = [...here.messages, ...here.asides.map((one) => ({ ...one, user: "", aside: true }))];
  all.sort((a, b) => (a.ts < b.ts ? -1 : 1));
  const root = (message) => message.thread_ts || message.ts;
  fill($("#log"), all.filter((one) => root(one) === one.ts || !one.thread_ts), false);
  $("#thread").hidden = !thread;
  document.body.classList.toggle("threaded", Boolean(thread));
  if (thread) fill($("#replies"), all.filter((one) => root(one) === thread), true);
  $("#say textarea").placeholder = `Message ${here.chat ? "" : "#"}${here.name}`;
}

/* What happens last is what somebody looks at who only watches. */
function watch() {
  let last = null, where = "";
  for (const here of state.rooms) for (const message of here.messages)
    if (!last || message.ts > last.ts) { last = message; where = here.id; }
  if (!last || last.ts === watch.last) return;
  watch.last = last.ts;
  room = where;
  tab = "messages";
  if (last.thread_ts) thread = last.thread_ts;
  else if (thread && last.user === state.bot) thread = "";
}

function form() {
  const view = state.views.filter((one) => !done.has(one.id)).pop(), dialog = $("dialog");
  if (!view) { if (dialog.open) dialog.close(); formOpen = ""; return; }
  if (view.id === formOpen) return;
  formOpen = view.id;
  const rows = view.blocks.map((block) => {
    const one = block.element;
    if (!one) return said(block.text ? block.text.text : "");
    const about = { name: block.block_id, required: !block.optional };
    const field = one.type === "static_select"
      ? make("select", about, ...one.options.map((o) => make("option", { value: o.value, textContent: o.text.text })))
      : make(one.multiline ? "textarea" : "input", { ...about, value: one.initial_value || "" });
    return make("label", {}, block.label.text, field);
  });
  const cancel = make("button", { type: "button", textContent: view.close ? view.close.text : "Cancel",
    onclick: () => { done.add(view.id); act({ leaves: view.id }); dialog.close(); } });
  const go = make("button", { className: "go", textContent: view.submit ? view.submit.text : "Send" });
  $("#fill").replaceChildren(make("h2", { id: "form-title", textContent: view.title.text }), ...rows,
    make("div", { className: "keys" }, cancel, go));
  if (!dialog.open) dialog.showModal();
}
$("#fill").onsubmit = (event) => {
  done.add(formOpen);
  act({ view: formOpen, values: Object.fromEntries(new FormData(event.target)) });
};
$("dialog").oncancel = () => { done.add(formOpen); act({ leaves: formOpen }); };
$("#close").onclick = () => { thread = ""; draw(); };

function composer(selector, inThread) {
  const box = $(selector), field = box.querySelector("textarea"), file = box.querySelector("input");
  box.onsubmit = (event) => {
    event.preventDefault();
    const text = field.value;
    if (!text.trim()) return;
    act(edits ? { edit: text, message: edits.ts } : { text, thread: inThread ? thread : "" });
    field.value = "";
    edits = null;
  };
  field.onkeydown = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      box.requestSubmit();
    } else if (event.key === "Escape") { edits = null; field.value = ""; }
  };
  file.onchange = async () => {
    const one = file.files[0];
    if (!one) return;
    let data = "";
    for (const byte of new Uint8Array(await one.arrayBuffer())) data += String.fromCharCode(byte);
    act({ file: one.name, type: one.type, data: btoa(data), text: field.value, thread: inThread ? thread : "" });
    file.value = field.value = "";
  };
}
composer("#say", false);
composer("#reply", true);

function who() {
  $("#rooms").replaceChildren(...state.people.map((one) =>
    make("button", { textContent: one.name, onclick: () => { location.search = "?user=" + one.id; } })));
}
async function live() {
  let since = -1;
  for (;;) {
    try {
      const answer = await fetch(`client/state?user=${encodeURIComponent(user)}&since=${since}`);
      state = await answer.json();
      since = state.since;
      const now = JSON.stringify({ ...state, since: 0 });
      if (now === drawn) continue;
      drawn = now;
      if (!state.me) { who(); continue; }
      if (follows) watch();
      draw();
      form();
    } catch { await new Promise((wake) => setTimeout(wake, 1000)); }
  }
}
live();
