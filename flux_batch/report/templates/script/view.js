// The grid: drawn anew from the state, in the order in which the lightbox walks it.
let shownOrder = [];
let fittedRoom = 0;

function drawView() {
  const indexes = visible();
  const { rows, columns } = state;
  const grid = layOut(indexes, rows, columns);
  shownOrder = grid.rows.flat(2);
  byId("count").textContent = `${indexes.length} of ${tiles.filter(kinds[state.show].holds).length}`;
  const spanned = new Set([rows, columns, ...Object.keys(state.tabs).filter((axis) => state.tabs[axis] !== null)]);
  const make = (index) => makeTile(index, { spanned, open: openBox, copy: copyPrompt });
  const view = byId("view");
  // First, while the page still stands: measuring it afterwards would lay everything out twice.
  fitView(grid);
  if (indexes.length === 0) view.replaceChildren(makeNothing());
  else if (rows === null && columns === null) view.replaceChildren(element("div", { className: "cell flow" }, ...indexes.map(make)));
  else view.replaceChildren(makeTable(grid, make));
  // A scroll bar may have come or gone.
  if (roomForView() !== fittedRoom) fitView(grid);
}

function makeTable(grid, make) {
  const { rows, columns } = state;
  const table = element("table", { className: "grid" });
  const by = [rows, columns].filter((axis) => axis !== null).map(axisTitle).join(" and ");
  table.append(element("caption", { className: "quiet", textContent: `Images by ${by}` }));
  if (columns !== null) {
    const head = table.createTHead().insertRow();
    if (rows !== null) head.append(element("td", { className: "corner" }));
    head.append(...grid.across.map((label) => element("th", { scope: "col", dir: "auto", textContent: sayLabel(columns, label) })));
  }
  const body = table.createTBody();
  grid.rows.forEach((cells, at) => {
    const line = body.insertRow();
    if (rows !== null) line.append(makeRowHeading(sayLabel(rows, grid.down[at])));
    cells.forEach((cell, across) => line.append(makeCell(cell, columns && sayLabel(columns, grid.across[across]), make)));
  });
  return table;
}

const makeRowHeading = (label) =>
  element("th", { scope: "row", dir: "auto" }, element("span", { className: "heading", textContent: label }));

// The label repeats the column's heading where a phone shows the grid as a list.
const makeCell = (indexes, label, make) => {
  const said = label === null ? [] : [element("p", { className: "cell-label", dir: "auto", textContent: label })];
  return element("td", {}, ...said, element("div", { className: "cell" }, ...indexes.map(make)));
};

function makeNothing() {
  if (source === null) return saySo("data.js is missing. It belongs next to this page: copy the whole folder.");
  if (tiles.length === 0) return saySo("This run has no images yet.");
  const elsewhere = visible({}).length;
  if (elsewhere > 0) return saySo("Nothing matches under these tabs.", `Show ${elsewhere} under all tabs`, { tabs: {} });
  return saySo("Nothing matches.", "Show everything", { query: "", show: "all", tabs: {} });
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

// As wide as the longest row heading, within reason; longer ones wrap.
function headingWidth(grid) {
  if (state.rows === null) return 0;
  const longest = Math.max(...grid.down.map((label) => sayLabel(state.rows, label).length));
  return Math.min(176, Math.max(72, longest * 8 + 24));
}

// The grid takes the page's width; when even so it is too wide, it scrolls in a box of its own.
function fitView(grid) {
  const flow = (state.rows === null && state.columns === null) || grid.rows.length === 0;
  const heading = headingWidth(grid);
  const width = roomForView();
  fittedRoom = width;
  const fit = flow ? { height: Math.round(2.2 * state.size), column: 0 } : measure(grid, Math.max(1, width - heading), state.size);
  const table = heading + grid.across.length * fit.column - columnGap;
  const sizes = { h: fit.height, column: fit.column, heading, table };
  for (const [name, pixels] of Object.entries(sizes)) byId("view").style.setProperty(`--${name}`, `${pixels}px`);
  scrollInBox(!flow && table > width && !listLayout.matches);
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

function setUpView() {
  onChange(drawView);
  drawView();
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    fitView(layOut(visible(), state.rows, state.columns));
  });
  new ResizeObserver(measureTools).observe(byId("tools"));
}

// A bar that takes much of a low window does not stay; what stays must not cover what has the focus.
function measureTools() {
  const tools = byId("tools");
  tools.classList.toggle("tall", tools.offsetHeight > innerHeight / 6);
  const sticky = getComputedStyle(tools).position === "sticky";
  document.documentElement.style.setProperty("--tools", `${sticky ? tools.offsetHeight : 0}px`);
}
