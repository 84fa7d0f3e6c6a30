// A real table: columns nest in its head, rows nest under bands, and every cell holds all images of one combination.
const mostColumns = 120;
let remake = () => null;

function makeTable(make) {
  remake = make;
  const { rows, columns } = state;
  const table = element("table", { className: "grid" });
  const by = [...rows, ...columns].map(axisTitle).join(", ");
  table.append(element("caption", { className: "quiet", textContent: `Images by ${by}` }));
  const across = shownGrid.across.slice(0, mostColumns);
  const headings = rows.length > 0 ? [element("col", { className: "headings" })] : [];
  table.append(element("colgroup", {}, ...headings, ...across.map(() => element("col"))));
  if (columns.length > 0) table.append(makeHead(across));
  table.append(...makeBodies(across, make));
  return table;
}

// One line of headings for each axis; a heading spans what stands below it.
function makeHead(across) {
  const head = element("thead");
  state.columns.forEach((axis, depth) => {
    const line = head.insertRow();
    if (state.rows.length > 0 && depth === 0) line.append(element("td", { className: "corner", rowSpan: state.columns.length }));
    for (const [labels, width] of runs(across, depth)) {
      const heading = makeHeading(axis, labels[depth], { scope: width > 1 ? "colgroup" : "col", colSpan: width });
      if (depth < state.columns.length - 1) heading.classList.add("outer");
      line.append(heading);
    }
  });
  return head;
}

// Neighbours that are alike down to this depth, with their number.
function runs(leaves, depth) {
  const found = [];
  for (const labels of leaves) {
    const last = found.at(-1);
    if (last && labels.slice(0, depth + 1).every((label, at) => label === last[0][at])) last[1] += 1;
    else found.push([labels, 1]);
  }
  return found;
}

function makeHeading(axis, label, properties) {
  const hide = element("button", { type: "button", className: "hide", ariaLabel: `Hide ${axisTitle(axis)} ${sayLabel(axis, label)}`, title: "Hide" }, icon("hide"));
  hide.addEventListener("click", () => hideLabel(axis, label));
  const text = element("span", { className: "heading-text", textContent: sayLabel(axis, label) });
  if (label === "") text.append(element("span", { className: "quiet", textContent: ` no ${axisTitle(axis)}` }));
  return element("th", { dir: "auto", ...properties }, element("span", { className: "heading" }, text, hide));
}

// The lines of the table in slices; where the outer rows change, a band between them says so.
function makeBodies(across, make) {
  const bodies = [];
  let pending = [];
  let weight = 0;
  const flush = () => {
    if (pending.length > 0) bodies.push(makeSlice(element("tbody"), pending, fillBody(across, make), heightOfLines(pending)));
    pending = [];
    weight = 0;
  };
  shownGrid.down.forEach((labels, at) => {
    const outer = labels.slice(0, -1);
    const last = shownGrid.down[at - 1];
    if (outer.length > 0 && !(last && outer.every((label, depth) => label === last[depth]))) {
      flush();
      bodies.push(makeBand(outer, across));
    }
    for (const line of linesOf(at, labels, across.length)) {
      pending.push(line);
      weight += line.cells.reduce((sum, cell) => sum + cell.length, 0);
      if (weight >= sliceTiles) flush();
    }
  });
  flush();
  return bodies;
}

// A cell too full for one drawing goes on in the next line, under the same heading.
function linesOf(at, labels, width) {
  const cells = shownGrid.rows[at].slice(0, width);
  const fullest = cells.reduce((most, cell) => Math.max(most, cell.length), 0);
  const lines = [];
  for (let from = 0; from === 0 || from < fullest; from += mostInACell) {
    lines.push({ labels, number: at, continued: from > 0, cells: cells.map((cell) => cell.slice(from, from + mostInACell)) });
  }
  return lines;
}

function makeBand(outer, across) {
  const text = outer.map((label, depth) => sayLabel(state.rows[depth], label));
  const heading = makeHeading(state.rows[outer.length - 1], outer.at(-1), { scope: "rowgroup", colSpan: across.length + 1 });
  heading.querySelector(".heading-text").textContent = text.join(" › ");
  return element("tbody", { className: "band" }, element("tr", {}, heading));
}

const fillBody = (across, make) => (body, lines) => body.replaceChildren(...lines.map((line) => makeLine(line, across, make)));

function makeLine({ labels, number, continued, cells }, across, make) {
  const line = element("tr", { ariaRowIndex: String(number + 1 + state.columns.length) });
  if (state.rows.length > 0) line.append(makeRowHeading(labels, continued));
  cells.forEach((cell, at) => line.append(makeCell(cell, across[at], make)));
  return line;
}

// What the band says is repeated for those who do not see where it stands.
function makeRowHeading(labels, continued) {
  const heading = makeHeading(state.rows.at(-1), labels.at(-1), { scope: "row" });
  const outer = labels.slice(0, -1).map((label, depth) => sayLabel(state.rows[depth], label));
  if (outer.length > 0) heading.firstElementChild.prepend(element("span", { className: "quiet", textContent: `${outer.join(", ")}, ` }));
  if (continued) {
    heading.querySelector(".hide").remove();
    heading.firstElementChild.append(element("span", { className: "continued", textContent: "continued" }));
  }
  return heading;
}

// The label repeats the column's heading where a phone shows the grid as a list.
function makeCell(indexes, labels, make) {
  const text = labels.map((label, depth) => sayLabel(state.columns[depth], label)).join(" › ");
  const said = text ? [element("p", { className: "cell-label", dir: "auto", textContent: text })] : [];
  return element("td", {}, ...said, element("div", { className: "cell" }, ...indexes.map(make)));
}

function hideLabel(axis, label) {
  const labels = state.hidden[axis] ?? [];
  change({ hidden: Object.assign(Object.create(null), state.hidden, { [axis]: [...labels, label] }) });
  byId("hidden").querySelector("button")?.focus();
}
