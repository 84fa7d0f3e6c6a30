// The filters: single values by axis, status and cost, those that other parts add, and chips for what is left out.
function setUpFilters() {
  const axesBoxes = axes.map(makeAxisBoxes);
  byId("filters").append(...axesBoxes, ...filters.map(({ make }) => make()).filter(Boolean));
  byId("filter").hidden = byId("filters").childElementCount === 0;
  syncFilters();
}

function makeAxisBoxes({ name, values }) {
  const choose = (label, shown) => {
    const labels = (state.hidden[name] ?? []).filter((each) => each !== label);
    change({ hidden: withHidden(name, shown ? labels : [...labels, label]) });
  };
  const labels = [...(tiles.some((tile) => labelOf(tile, name) === "") ? [""] : []), ...values.map(({ label }) => label)];
  const boxes = makeBoxes(axisTitle(name), labels.map((label) => [sayLabel(name, label), label]), choose);
  boxes.dataset.axis = name;
  const only = element("button", { type: "button", className: "button small", textContent: "None", ariaLabel: `None of ${axisTitle(name)}` });
  const all = element("button", { type: "button", className: "button small", textContent: "All", ariaLabel: `All of ${axisTitle(name)}` });
  only.addEventListener("click", () => change({ hidden: withHidden(name, labels) }));
  all.addEventListener("click", () => change({ hidden: withHidden(name, []) }));
  boxes.append(element("span", { className: "boxes-all" }, all, only));
  return boxes;
}

function withHidden(name, labels) {
  const hidden = Object.assign(Object.create(null), state.hidden, { [name]: labels });
  if (labels.length === 0) delete hidden[name];
  return hidden;
}

function makeBoxes(title, options, choose) {
  const list = element("div", { className: "boxes-list" });
  for (const [text, value] of options) {
    const box = element("input", { type: "checkbox", checked: true });
    box.addEventListener("change", () => choose(value, box.checked));
    list.append(element("label", {}, box, element("span", { dir: "auto", textContent: text })));
    boxValues.set(box, value);
  }
  return element("fieldset", { className: "boxes" }, element("legend", { textContent: title }), list);
}

const boxValues = new WeakMap();
const tickBoxes = (holder, ticked) => holder.querySelectorAll("input[type=checkbox]").forEach((box) => { box.checked = ticked(boxValues.get(box)); });

function syncFilters() {
  byId("filters").querySelectorAll("[data-axis]").forEach((boxes) => {
    const labels = new Set(state.hidden[boxes.dataset.axis] ?? []);
    tickBoxes(boxes, (label) => !labels.has(label));
  });
  filters.forEach(({ name, sync }) => sync(state.filters[name]));
  drawChips();
}

// Whatever is left out can be seen, and be brought back with one press.
function drawChips() {
  const hidden = Object.entries(state.hidden).flatMap(([axis, labels]) =>
    labels.length > 3
      ? [[`${labels.length} of ${axisTitle(axis)} hidden`, () => change({ hidden: withHidden(axis, []) })]]
      : labels.map((label) => [`${axisTitle(axis)}: ${sayLabel(axis, label)} hidden`, () => change({ hidden: withHidden(axis, labels.filter((each) => each !== label)) })]));
  const asked = filters.filter(({ name }) => state.filters[name] !== undefined).map(({ name, say }) => [say(state.filters[name]), () => setFilter(name, undefined)]);
  const chips = [...hidden, ...asked];
  byId("filter-count").textContent = chips.length > 0 ? String(chips.length) : "";
  const focused = byId("hidden").contains(document.activeElement);
  byId("hidden").hidden = chips.length === 0;
  byId("hidden").replaceChildren(...chips.map(makeChip));
  if (chips.length > 1) byId("hidden").append(makeChip(["Show everything", () => change({ hidden: {}, filters: {} })]));
  if (focused) (byId("hidden").querySelector("button") ?? byId("search")).focus();
}

function makeChip([text, act]) {
  const made = element("button", { type: "button", className: "chip", title: "Bring back" }, element("span", { dir: "auto", textContent: text }), icon("close"));
  made.addEventListener("click", act);
  return made;
}

// Ours: the status in words, and what an image cost.
const statusOf = (tile) => tile.notice?.word ?? (tile.suspect ? "Suspect" : "Stored");

function makeStatusFilter() {
  const words = [...new Set(tiles.map(statusOf))];
  if (words.length < 2) return null;
  const choose = (word, shown) => {
    const now = state.filters.status ?? words;
    const next = words.filter((each) => (each === word ? shown : now.includes(each)));
    setFilter("status", next.length === words.length ? undefined : next);
  };
  const boxes = makeBoxes("Status", words.map((word) => [word, word]), choose);
  boxes.id = "status-boxes";
  return boxes;
}

addFilter({
  name: "status",
  read: (texts) => texts,
  write: (words) => (words.length > 0 ? words : [""]),
  holds: (words) => (tile) => words.includes(statusOf(tile)),
  make: makeStatusFilter,
  sync: (words) => { if (byId("status-boxes")) tickBoxes(byId("status-boxes"), (word) => !words || words.includes(word)); },
  say: (words) => `Status: ${words.filter(Boolean).join(", ") || "none"}`,
});

const costText = ([least, most]) => (least === null ? `Cost up to $${most}` : most === null ? `Cost from $${least}` : `Cost $${least} to $${most}`);
const costNumber = (text) => (text === "" || !Number.isFinite(Number(text)) ? null : Number(text));

function makeCostFilter() {
  if (new Set(tiles.map(({ price }) => price ?? 0)).size < 2) return null;
  const field = (id, title) => {
    const input = element("input", { type: "number", id, min: "0", step: "0.01", inputMode: "decimal" });
    input.addEventListener("change", () => {
      const range = [costNumber(byId("cost-from").value), costNumber(byId("cost-to").value)];
      setFilter("cost", range.every((each) => each === null) ? undefined : range);
    });
    return element("label", { className: "pick" }, `${title} $`, input);
  };
  return element("fieldset", { className: "boxes" }, element("legend", { textContent: "Cost" }), element("div", { className: "boxes-list" }, field("cost-from", "from"), field("cost-to", "to")));
}

addFilter({
  name: "cost",
  read: ([text]) => {
    const range = text.split("-").map(costNumber);
    return range.length === 2 && range.some((each) => each !== null) ? range : undefined;
  },
  write: (range) => [range.map((each) => each ?? "").join("-")],
  holds: ([least, most]) => ({ price = 0 }) => price >= (least ?? 0) && price <= (most ?? Infinity),
  make: makeCostFilter,
  sync: (range) => [["cost-from", 0], ["cost-to", 1]].forEach(([id, at]) => { if (byId(id)) byId(id).value = range?.[at] ?? ""; }),
  say: costText,
});
