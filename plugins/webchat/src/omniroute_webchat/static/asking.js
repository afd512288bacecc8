// A question among the lines: a button for each answer, then a box for words, if those are asked for.

export function ask({ id, text, asks }, words, answer) {
  const box = document.createElement("div");
  const row = document.createElement("div");
  const fault = document.createElement("p");
  box.className = "asks";
  row.className = "choices";
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", text);
  fault.className = "fault";
  fault.setAttribute("role", "status");

  const give = async (given, done) => {
    fault.textContent = "";
    try {
      await answer(id, given);
      done();
    } catch {
      fault.textContent = words.answer_failed;
    }
  };
  const choose = (chosen) => {
    for (const each of row.children) each.setAttribute("aria-pressed", String(each.value === chosen));
    if (asks.more && !asks.said && !box.querySelector("form")) box.append(say(asks.more, words, give));
  };
  for (const { value, means } of asks.choices) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", value, textContent: value });
    if (means) button.setAttribute("aria-label", button.title = `${value} ${means}`);
    button.setAttribute("aria-pressed", String(value === asks.chosen));
    button.addEventListener("click", () => give({ value }, () => choose(value)));
    row.append(button);
  }
  box.append(row, fault);
  if (asks.chosen) choose(asks.chosen);
  return box;
}

function say(more, words, give) {
  const form = document.createElement("form");
  const label = document.createElement("label");
  const field = document.createElement("textarea");
  const button = document.createElement("button");
  label.textContent = more;
  Object.assign(field, { required: true, rows: 3 });
  button.textContent = words.answer_send;
  label.append(field);
  form.append(label, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = field.value.trim();
    if (said) give({ words: said }, () => form.remove());
  });
  return form;
}
