// Where the reader is, and the ways from there: along a row, and up and down a column.
let placeOf = new Map();
let flowLines = [];

// Each index with its row, its column and its place in the cell; in a flow, lines are the rows.
function mapPlaces() {
  flowLines = isFlow() ? breakLines(shownOrder, roomForView(), Math.round(2.2 * state.size)) : [];
  placeOf = new Map();
  const rows = isFlow() ? flowLines.map((line) => line.map((index) => [index])) : shownGrid.rows;
  rows.forEach((cells, row) => cells.forEach((cell, column) => cell.forEach((index, at) => placeOf.set(index, { row, column, at }))));
}

// dx walks in reading order, dy in the same column; -1 where there is nothing more.
function neighbour(index, dx, dy) {
  if (dx !== 0) return shownOrder[shownOrder.indexOf(index) + dx] ?? -1;
  const from = placeOf.get(index);
  if (!from || dy === 0) return -1;
  const rows = isFlow() ? flowLines.map((line) => line.map((each) => [each])) : shownGrid.rows;
  for (let row = from.row + dy; row >= 0 && row < rows.length; row += dy) {
    const cell = rows[row][isFlow() ? Math.min(from.column, rows[row].length - 1) : from.column];
    if (cell.length > 0) return cell[Math.min(from.at, cell.length - 1)];
  }
  return -1;
}

// The image that keys speak of: the large one, else the card with the focus; -1 for none.
function focusedIndex() {
  if (byId("compare-box").open) return comparedIndex();
  if (byId("box").open) return boxIndex;
  const figure = document.activeElement?.closest(".tile[data-index]");
  return figure ? Number(figure.dataset.index) : -1;
}

// What letters and digits speak of: where no image has the focus, the one under the pointer. Keys that scroll the page
// do not, because the pointer is always somewhere.
const underPointer = (tile) => Number(document.querySelector(`${tile}[data-index]:hover`)?.dataset.index ?? -1);
function meantIndex() {
  const index = focusedIndex();
  return index >= 0 || inZoom() ? index : underPointer("#view .tile");
}
const noImage = () => toast("Click an image first");

function focusTile(index) {
  const figure = showTile(index);
  if (!figure) return false;
  figure.scrollIntoView({ block: "nearest", inline: "nearest" });
  handleOf(figure)?.focus({ preventScroll: false });
  return true;
}

// One step from where the reader is: in the lightbox if that is open, in the view else. False at the end.
function moveFocus(dx, dy, from = focusedIndex()) {
  const to = from < 0 ? shownOrder[0] ?? -1 : neighbour(from, dx, dy);
  if (to < 0) return false;
  if (!byId("box").open) return focusTile(to);
  showInBox(to);
  return true;
}

const openTile = (index) => openBox(index);
const focusSearch = () => { byId("search").focus(); byId("search").select(); };
