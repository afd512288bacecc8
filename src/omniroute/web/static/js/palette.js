// The command palette: everything that this page can do, by name. It knows no command itself; it finds
// what the page marks with data-command, and clicks it.
"use strict";
(() => {
  const palette = document.getElementById("palette");
  const input = palette.querySelector("input");
  const list = palette.querySelector("ul");
  let found = [], chosen = 0;

  const commands = () => {
    const seen = new Set();
    return [...document.querySelectorAll("[data-command]")].filter((element) => {
      const name = element.dataset.command;
      return element.isConnected && !element.disabled && !seen.has(name) && seen.add(name);
    });
  };
  const draw = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = commands().filter((element) => words.every((word) => element.dataset.command.toLowerCase().includes(word)));
    chosen = Math.max(0, Math.min(chosen, found.length - 1));
    list.replaceChildren(...found.map((element, index) => {
      const line = document.createElement("li");
      line.id = `palette-${index}`;
      line.role = "option";
      line.ariaSelected = String(index === chosen);
      line.textContent = element.dataset.command;
      if (element.dataset.key) {
        const key = document.createElement("kbd");
        key.textContent = element.dataset.key === "E" ? "Shift E" : element.dataset.key;
        line.append(key);
      }
      line.addEventListener("click", () => run(index));
      return line;
    }));
    if (!found.length) list.textContent = "Nothing by that name.";
    input.setAttribute("aria-activedescendant", found.length ? `palette-${chosen}` : "");
    list.children[chosen]?.scrollIntoView?.({ block: "nearest" });
  };
  const run = (index) => {
    const element = found[index];
    palette.close();
    if (element) document.dispatchEvent(new CustomEvent("omni:command", { detail: { element } }));
  };

  document.addEventListener("omni:palette", () => {
    if (palette.open) { palette.close(); return; }
    input.value = "";
    chosen = 0;
    palette.showModal();
    draw();
  });
  input.addEventListener("input", () => { chosen = 0; draw(); });
  palette.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) {
      event.preventDefault();
      chosen = (chosen + step + found.length) % found.length;
      draw();
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(chosen);
    }
  });
  palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });
})();
