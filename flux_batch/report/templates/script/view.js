// The view: drawn anew from the state, as a table by axes or as a plain flow, both in slices (slices.js).
let shownGrid = { down: [[]], across: [[]], rows: [[[]]] };
let shownOrder = [];
let shownFit = { height: 220, columns: [], heading: 0 };
let fittedRoom = 0;

const isFlow = () => state.rows.length === 0 && state.columns.length === 0;

function drawView() {
  const indexes = visible();
  shownGrid = layOut(indexes, state.rows, state.columns);
  shownOrder = shownGrid.rows.flat(2);
  mapPlaces();
  sayCount(indexes.length);
  // First, while the page still stands: measuring it afterwards would lay everything out twice.
  fitView();
  build(indexes);
  fitColumns();
  measureHead();
  // A scroll bar may have come or gone.
  if (roomForView() !== fittedRoom) fitView();
  drawers.forEach((drawn) => drawn(indexes));
}

const sayCount = (count) => { byId("count").textContent = `${count} of ${tiles.filter(kinds[state.show].holds).length}`; };

function build(indexes) {
  const view = byId("view");
  const tabbed = Object.keys(state.tabs).filter((axis) => state.tabs[axis] !== null);
  const spanned = new Set([...state.rows, ...state.columns, ...tabbed]);
  const make = (index) => makeTile(index, spanned);
  dropSlices();
  sayCut();
  if (indexes.length === 0) view.replaceChildren(makeNothing());
  else if (isFlow()) view.replaceChildren(...makeFlow(make));
  else view.replaceChildren(makeTable(make));
  fillFirst();
}

// A table so wide that it is cut says so.
function sayCut() {
  const count = shownGrid.across.length;
  byId("cut").hidden = isFlow() || count <= mostColumns;
  byId("cut").textContent = byId("cut").hidden ? "" : `${mostColumns} of ${count.toLocaleString("en")} columns shown: hide values or choose another axis.`;
}

function redrawTile(index) {
  const figure = drawnTile(index);
  if (!figure) return;
  const focused = figure.contains(document.activeElement);
  const fresh = remake(index);
  figure.replaceWith(fresh);
  if (focused) handleOf(fresh)?.focus();
}

const drawnTile = (index) => byId("view").querySelector(`.tile[data-index="${index}"]`);
const handleOf = (figure) => figure.querySelector(".open, .more");

// As wide as the longest row heading and its button, within reason; longer ones wrap.
function headingWidth() {
  if (state.rows.length === 0) return 0;
  const axis = state.rows.at(-1);
  const longest = shownGrid.down.reduce((most, labels) => Math.max(most, sayLabel(axis, labels.at(-1)).length), 0);
  return Math.min(190, Math.max(108, longest * 8 + 56));
}

// The grid takes the page's width; when even so it is too wide, it scrolls in a box of its own.
function fitView() {
  const flow = isFlow() || shownOrder.length === 0;
  const heading = headingWidth();
  const width = roomForView();
  fittedRoom = width;
  const fit = flow ? { height: Math.round(2.2 * state.size), columns: [] } : measure(shownGrid, Math.max(1, width - heading), state.size);
  shownFit = { ...fit, heading };
  const table = heading + sum(fit.columns) + columnGap * (fit.columns.length - 1);
  const sizes = { h: fit.height, heading, table };
  for (const [name, pixels] of Object.entries(sizes)) byId("view").style.setProperty(`--${name}`, `${pixels}px`);
  fitColumns();
  scrollInBox(!flow && table > width && !listLayout.matches);
}

function fitColumns() {
  const { columns } = shownFit;
  byId("view").querySelectorAll("col:not(.headings)").forEach((column, at) => {
    column.style.width = `${columns[at] + (at < columns.length - 1 ? columnGap : 0)}px`;
  });
}

// Below this width the style sheet turns the grid into a list.
const listLayout = matchMedia("(max-width: 700px)");

function roomForView() {
  const { paddingLeft, paddingRight } = getComputedStyle(byId("images"));
  return byId("images").clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
}

// A box that scrolls must be reachable with the keyboard, and have a name.
function scrollInBox(wide) {
  const view = byId("view");
  view.classList.toggle("wide", wide);
  if (wide) Object.assign(view, { tabIndex: 0, role: "region", ariaLabel: "Images, scrollable" });
  else ["tabindex", "role", "aria-label"].forEach((name) => view.removeAttribute(name));
}

function makeNothing() {
  if (source === null) return saySo("data.js is missing. It belongs next to this page: copy the whole folder.");
  if (tiles.length === 0) return saySo("This run has no images yet.");
  const elsewhere = visible({}).length;
  if (elsewhere > 0) return saySo("Nothing matches under these tabs.", `Show ${elsewhere} under all tabs`, { tabs: {} });
  return saySo("Nothing matches.", "Show everything", { query: "", show: "all", tabs: {}, hidden: {}, filters: {} });
}

function saySo(text, remedy, patch) {
  const made = element("div", { className: "none" }, element("p", { textContent: text }));
  if (!remedy) return made;
  const button = element("button", { type: "button", className: "button", textContent: remedy });
  button.addEventListener("click", () => {
    change(patch);
    byId("search").focus();
  });
  made.append(button);
  return made;
}

function setUpView() {
  onChange(drawView);
  drawView();
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    if (isFlow()) drawView();
    else fitView();
  });
  new ResizeObserver(measureTools).observe(byId("tools"));
}

// What stays at the top when the page scrolls, so that row headings and bands stay below it.
function measureHead() {
  const head = byId("view").querySelector(".grid > thead");
  document.documentElement.style.setProperty("--head", `${head?.offsetHeight ?? 0}px`);
}

// A bar that takes much of a low window does not stay; what stays must not cover what has the focus.
function measureTools() {
  const tools = byId("tools");
  tools.classList.toggle("tall", tools.offsetHeight > innerHeight / 5);
  const sticky = getComputedStyle(tools).position === "sticky";
  document.documentElement.style.setProperty("--tools", `${sticky ? tools.offsetHeight : 0}px`);
}
