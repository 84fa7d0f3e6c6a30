// What the reader has chosen. It lives in the address after #, so that a view can be bookmarked or sent.
const kinds = {
  all: { title: "All", holds: (tile) => tile.wanted },
  pictures: { title: "Pictures", holds: (tile) => tile.wanted && Boolean(tile.picture) },
  problems: { title: "Problems", holds: (tile) => tile.wanted && Boolean(tile.suspect || (tile.notice && tile.notice.tone !== "wait")) },
  waiting: { title: "On the way", holds: (tile) => tile.wanted && tile.notice?.tone === "wait" },
  retired: { title: "No longer wanted", holds: (tile) => !tile.wanted },
};

// rows, columns: names of axes, the outermost first. hidden: labels by axis. open, compare: indexes of tiles.
const state = { rows: [], columns: [], tabs: {}, hidden: {}, show: "all", query: "", size: 100, filters: {}, open: -1, compare: [], mode: "" };
const listeners = [];
const onChange = (listener) => listeners.push(listener);

// Draws everything anew. What only opens or closes something calls writeState() alone. What comes letter by letter says
// so: browsers do not let a page write its address all the time.
let writing = 0;
function change(patch, { often = false } = {}) {
  Object.assign(state, patch);
  for (const axis of [...state.rows, ...state.columns]) delete state.tabs[axis];
  clearTimeout(writing);
  if (often) writing = setTimeout(writeState, 200);
  else writeState();
  listeners.forEach((listener) => listener());
}

const compareModes = ["side", "wipe", "text"];
const known = (names) => [...new Set(names)].filter((name) => axisByName.has(name));

function readState() {
  const said = new URLSearchParams(location.hash.slice(1));
  const side = (name) => known(said.has(name) ? said.getAll(name) : [firstLayout[name]].flat());
  const rows = side("rows");
  const columns = side("columns").filter((axis) => !rows.includes(axis));
  const size = Number(said.get("size"));
  return {
    rows, columns, tabs: readTabs(said, [...rows, ...columns]), hidden: readHidden(said),
    show: Object.hasOwn(kinds, said.get("show") ?? "") ? said.get("show") : "all",
    query: said.get("q") ?? "",
    size: size >= 50 && size <= 200 ? size : 100,
    filters: readFilters(said),
    open: indexById.get(said.get("open")) ?? -1,
    compare: [...new Set(said.getAll("compare"))].flatMap((id) => indexById.get(id) ?? []).slice(0, 8),
    mode: compareModes.includes(said.get("mode")) ? said.get("mode") : "",
  };
}

function readTabs(said, spanned) {
  const tabs = Object.assign(Object.create(null), said.has("rows") || said.has("columns") ? {} : firstLayout.tabs);
  for (const { name, values } of axes) {
    const label = said.get(`tab.${name}`);
    if (label !== null) tabs[name] = values.some((value) => value.label === label) ? label : null;
    if (spanned.includes(name)) delete tabs[name];
  }
  return tabs;
}

function readHidden(said) {
  const hidden = Object.create(null);
  for (const { name, values } of axes) {
    const labels = new Set(said.getAll(`hide.${name}`));
    const found = ["", ...values.map(({ label }) => label)].filter((label) => labels.has(label));
    if (found.length > 0) hidden[name] = found;
  }
  return hidden;
}

function readFilters(said) {
  const chosen = {};
  for (const { name, read } of filters) {
    const value = said.has(`f.${name}`) ? read(said.getAll(`f.${name}`)) : undefined;
    if (value !== undefined) chosen[name] = value;
  }
  return chosen;
}

function sayState() {
  const said = new URLSearchParams();
  for (const side of ["rows", "columns"]) (state[side].length > 0 ? state[side] : [""]).forEach((axis) => said.append(side, axis));
  for (const [axis, label] of Object.entries(state.tabs)) if (label !== null) said.set(`tab.${axis}`, label);
  for (const [axis, labels] of Object.entries(state.hidden)) labels.forEach((label) => said.append(`hide.${axis}`, label));
  if (state.show !== "all") said.set("show", state.show);
  if (state.query) said.set("q", state.query);
  if (state.size !== 100) said.set("size", String(state.size));
  for (const { name, write } of filters) {
    if (state.filters[name] !== undefined) write(state.filters[name]).forEach((text) => said.append(`f.${name}`, text));
  }
  if (state.open >= 0) said.set("open", tiles[state.open].id);
  state.compare.forEach((index) => said.append("compare", tiles[index].id));
  if (state.mode) said.set("mode", state.mode);
  return `#${said}`;
}

// While the address must not tell what is shown (the blind review), it is left alone.
let addressHeld = false;
const writeState = () => { if (!addressHeld) history.replaceState(null, "", sayState()); };
