// The controls above the view: built from the axes, kept in step with the state.
function setUpToolbar() {
  byId("tools").hidden = false;
  byId("axes").hidden = axes.length === 0;
  byId("search").value = state.query;
  byId("search").addEventListener("input", (event) => change({ query: event.target.value }, { often: true }));
  byId("size").value = String(state.size);
  byId("size").addEventListener("input", (event) => change({ size: Number(event.target.value) }, { often: true }));
  byId("swap").addEventListener("click", () => change({ rows: state.columns, columns: state.rows }));
  unfolds("layout", "options");
  unfolds("filter", "filters");
  setUpSides();
  setUpFilters();
  drawTabs();
  drawShow();
  onChange(syncToolbar);
}

// A button that shows and hides a part of the tools.
function unfolds(button, part) {
  byId(button).addEventListener("click", () => byId(button).setAttribute("aria-expanded", String(byId(part).classList.toggle("unfolded"))));
}

function syncToolbar() {
  syncSides();
  syncFilters();
  if (byId("search").value !== state.query) byId("search").value = state.query;
  byId("size").value = String(state.size);
  // Drawn again only when something else changed them: a control in use must keep the focus.
  if (byId("tabs").dataset.said !== sayTabs()) drawTabs();
  if (byId("show").dataset.said !== state.show) drawShow();
}

// Axes that span nothing; variations stay together unless someone spreads them.
const tabAxes = () => {
  const free = axes.map(({ name }) => name).filter((name) => !state.rows.includes(name) && !state.columns.includes(name) && name !== "n");
  const order = Object.keys(firstLayout.tabs);
  const rank = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
  return free.sort((one, other) => rank(one) - rank(other));
};

const sayTabs = () => JSON.stringify(tabAxes().map((name) => [name, state.tabs[name] ?? null]));

function drawTabs() {
  byId("tabs").dataset.said = sayTabs();
  byId("tabs").replaceChildren(...tabAxes().map(makeTab));
}

function makeTab(name) {
  const labels = axisByName.get(name).values.map(({ label }) => label);
  const choose = (label) => {
    state.tabs[name] = label;
    byId("tabs").dataset.said = sayTabs();
    change({});
  };
  const now = state.tabs[name] ?? null;
  const options = [["All", null], ...labels.map((label) => [sayLabel(name, label), label])];
  return options.length > 7 ? makeMenu(axisTitle(name), options, now, choose) : makeSegments(axisTitle(name), options, now, choose);
}

function drawShow() {
  byId("show").dataset.said = state.show;
  const counts = Object.entries(kinds).map(([kind, { title, holds }]) => [kind, title, tiles.filter(holds).length]);
  const whole = counts.find(([kind]) => kind === "all")[2];
  const options = counts
    .filter(([kind, , count]) => kind === "all" || kind === state.show || (count > 0 && count !== whole))
    .map(([kind, title, count]) => [`${title} ${count}`, kind]);
  if (options.length > 1) byId("show").replaceChildren(makeSegments("Show", options, state.show, chooseShow));
}

// Who asks for the problems wants them all, not those of one tab.
function chooseShow(show) {
  byId("show").dataset.said = show;
  change({ show, tabs: show === "all" ? { ...firstLayout.tabs } : {} });
}

function makeSegments(title, options, now, choose) {
  const track = element("div", { className: "track" });
  options.forEach(([text, value]) => {
    const radio = element("input", { type: "radio", name: `segments-${title}`, checked: value === now });
    radio.addEventListener("change", () => choose(value));
    track.append(element("label", {}, radio, element("span", { textContent: text })));
  });
  return element("fieldset", { className: "segments" }, element("legend", { textContent: title }), track);
}

function makeMenu(title, options, now, choose) {
  const select = element("select");
  select.append(...options.map(([text], at) => element("option", { value: String(at), textContent: text })));
  select.value = String(options.findIndex(([, value]) => value === now));
  select.addEventListener("change", () => choose(options[Number(select.value)][1]));
  return element("label", { className: "pick" }, `${title} `, select);
}
