// What the reader has chosen. It lives in the address after #, so that a view can be bookmarked or sent.
const kinds = {
  all: { title: "All", holds: (tile) => tile.wanted },
  pictures: { title: "Pictures", holds: (tile) => tile.wanted && Boolean(tile.picture) },
  problems: { title: "Problems", holds: (tile) => tile.wanted && Boolean(tile.suspect || (tile.notice && tile.notice.tone !== "wait")) },
  waiting: { title: "On the way", holds: (tile) => tile.wanted && tile.notice?.tone === "wait" },
  retired: { title: "No longer wanted", holds: (tile) => !tile.wanted },
};

const state = readState();
const listeners = [];
const onChange = (listener) => listeners.push(listener);

function change(patch) {
  Object.assign(state, patch);
  for (const axis of [state.rows, state.columns]) delete state.tabs[axis];
  writeState();
  listeners.forEach((listener) => listener());
}

function readState() {
  const said = new URLSearchParams(location.hash.slice(1));
  const axis = (name) => (said.has(name) ? (axisByName.has(said.get(name)) ? said.get(name) : null) : firstLayout[name]);
  const rows = axis("rows");
  const columns = axis("columns") === rows ? null : axis("columns");
  const tabs = said.has("rows") || said.has("columns") ? {} : { ...firstLayout.tabs };
  for (const { name, values } of axes) {
    const label = said.get(`tab.${name}`);
    if (label !== null) tabs[name] = values.some((value) => value.label === label) ? label : null;
    if (name === rows || name === columns) delete tabs[name];
  }
  const show = Object.hasOwn(kinds, said.get("show") ?? "") ? said.get("show") : "all";
  const size = Number(said.get("size"));
  return { rows, columns, tabs, show, query: said.get("q") ?? "", size: size >= 50 && size <= 200 ? size : 100 };
}

function writeState() {
  const said = new URLSearchParams({ rows: state.rows ?? "", columns: state.columns ?? "" });
  for (const [axis, label] of Object.entries(state.tabs)) if (label !== null) said.set(`tab.${axis}`, label);
  if (state.show !== "all") said.set("show", state.show);
  if (state.query) said.set("q", state.query);
  if (state.size !== 100) said.set("size", String(state.size));
  history.replaceState(null, "", `#${said}`);
}
