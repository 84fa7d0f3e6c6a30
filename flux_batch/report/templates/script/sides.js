// Which axes span rows and columns. Each side has one menu for each of its axes, and one more to nest another.
const sideTitles = { rows: "Rows", columns: "Columns" };

function setUpSides() {
  for (const side of Object.keys(sideTitles)) drawSide(side);
}

function syncSides() {
  for (const side of Object.keys(sideTitles)) if (byId(side).dataset.said !== saySide(side)) drawSide(side);
}

const saySide = (side) => JSON.stringify([state[side], freeAxes()]);
const freeAxes = () => axes.map(({ name }) => name).filter((name) => !state.rows.includes(name) && !state.columns.includes(name));

function drawSide(side) {
  const holder = byId(side);
  const at = [...holder.querySelectorAll("select")].indexOf(document.activeElement);
  holder.dataset.said = saySide(side);
  const chosen = state[side];
  const menus = chosen.length === 0 ? [makeSideMenu(side, 0)] : chosen.map((_, depth) => makeSideMenu(side, depth));
  if (chosen.length > 0 && freeAxes().length > 0) menus.push(makeSideMenu(side, chosen.length));
  holder.replaceChildren(...menus);
  if (at >= 0) [...holder.querySelectorAll("select")][Math.min(at, menus.length - 1)].focus();
}

// The first menu takes any axis; the deeper ones only what is free, for they stand inside of the first.
function makeSideMenu(side, depth) {
  const now = state[side][depth] ?? "";
  const names = depth === 0 ? axes.map(({ name }) => name) : [...(now ? [now] : []), ...freeAxes()];
  const select = element("select");
  const nest = depth > 0 && now === "";
  select.append(element("option", { value: "", textContent: nest ? "+" : "none" }));
  select.append(...names.map((name) => element("option", { value: name, textContent: axisTitle(name) })));
  select.value = now;
  if (depth === 0) return element("label", { className: "pick" }, `${sideTitles[side]} `, fit(select, side, depth));
  const outside = axisTitle(state[side][depth - 1]);
  Object.assign(select, { ariaLabel: `Inside of ${outside}`, title: nest ? "Nest another axis" : `Inside of ${outside}` });
  if (nest) select.className = "nest";
  return fit(select, side, depth);
}

function fit(select, side, depth) {
  select.addEventListener("change", () => chooseSide(side, depth, select.value));
  return select;
}

function chooseSide(side, depth, name) {
  const other = side === "rows" ? "columns" : "rows";
  const before = state[side][depth];
  const mine = [...state[side]];
  const theirs = [...state[other]];
  if (name === "") mine.splice(depth, 1);
  else mine[depth] = name;
  // Taking the other side's axis gives it this one: a swap, never a loss. The same within a side.
  const there = theirs.indexOf(name);
  if (there >= 0) theirs.splice(there, 1, ...(before === undefined ? [] : [before]));
  const twice = mine.findIndex((each, at) => each === name && at !== depth);
  if (name !== "" && twice >= 0) mine.splice(twice, 1, ...(before === undefined ? [] : [before]));
  change({ [side]: [...new Set(mine)], [other]: theirs });
}
