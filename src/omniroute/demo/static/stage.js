"use strict";
const $ = (choice) => document.querySelector(choice);
const all = (choice) => [...document.querySelectorAll(choice)];
const make = (tag, about = {}, ...inside) => {
  const made = Object.assign(document.createElement(tag), about);
  made.append(...inside);
  return made;
};
const act = (what) => fetch("do/" + what, { method: "POST" });

function turn(window, name, address) {
  const pane = $("#" + window), choice = pane.querySelector("select"), frame = pane.querySelector("iframe");
  let one = [...choice.options].find((option) => option.value === address);
  if (!one) { one = make("option", { value: address, textContent: name }); choice.append(one); }
  choice.value = address;
  if (frame.getAttribute("src") === address) return;
  frame.src = address;
  frame.title = name;
  pane.querySelector("a").href = address;
}
for (const window of ["customer", "agent"]) {
  const choice = $(`#${window} select`);
  choice.onchange = () => turn(window, choice.selectedOptions[0].textContent, choice.value);
}
for (const button of all("#scenes button")) button.onclick = () => act(button.dataset.number);
$("#pause").onclick = () => act("pause");
$("#faster").onclick = () => act("faster");

const looked = {};
function draw(state) {
  for (const button of all("#scenes button")) {
    button.disabled = state.playing;
    if (Number(button.dataset.number) === state.number) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
  }
  $("#pause").hidden = $("#faster").hidden = !state.playing;
  $("#pause").textContent = state.paused ? "Go on" : "Pause";
  for (const [window, [name, address]] of Object.entries(state.looks)) {
    if (looked[window] !== address) turn(window, name, address);
    looked[window] = address;
  }
  if (!state.lines.length) return;
  const clock = (at) => new Date(at * 1000).toLocaleTimeString([], { timeStyle: "medium" });
  const lines = state.lines.map((line) =>
    make("li", {}, make("time", { textContent: clock(line.at) }), line.text));
  if (!state.playing && state.outcome) {
    const well = state.outcome === "done";
    lines.push(make("li", { className: well ? "" : "wrong",
      textContent: well ? "The scene is over, and what it used is put away." : "It broke off. " + state.outcome }));
  }
  $("#lines").replaceChildren(...lines);
  $("#lines").scrollTop = $("#lines").scrollHeight;
}
async function follow() {
  let since = "";
  for (;;) {
    try {
      const state = await (await fetch("state?since=" + since)).json();
      since = state.since;
      draw(state);
    } catch { await new Promise((wake) => setTimeout(wake, 1000)); }
  }
}
follow();
