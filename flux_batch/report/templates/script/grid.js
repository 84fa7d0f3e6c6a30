// Indexes into rows and columns; headings in the order of the axis, empty rows and columns left out. Images without
// the axis stand first where the spec has them first: what an edit starts from is left of the edits.
function layOut(indexes, rows, columns) {
  const headings = (axis) => {
    if (axis === null) return [""];
    const met = new Set(indexes.map((index) => labelOf(tiles[index], axis)));
    const known = axisByName.get(axis).values.map((value) => value.label).filter((label) => met.has(label));
    if (!met.has("")) return known;
    return labelOf(tiles[indexes[0]], axis) === "" ? ["", ...known] : [...known, ""];
  };
  const across = headings(columns);
  const down = headings(rows);
  const cells = new Map();
  for (const index of indexes) {
    const place = JSON.stringify([rows && labelOf(tiles[index], rows), columns && labelOf(tiles[index], columns)]);
    if (!cells.has(place)) cells.set(place, []);
    cells.get(place).push(index);
  }
  const cell = (row, column) => cells.get(JSON.stringify([rows && row, columns && column])) ?? [];
  return { across, down, rows: down.map((row) => across.map((column) => cell(row, column))) };
}

const ratioOf = (tile) => Math.min(3, Math.max(0.3, tile.shape[0] / tile.shape[1]));

// Sizes that the style sheet knows too.
const gap = 14;
const columnGap = 26;
const narrowest = 112;
const tileWidth = (ratio, height) => Math.max(narrowest, ratio * height);

// How many lines a cell takes when its pictures, at this height, wrap in this width.
function linesAt(height, ratios, width) {
  let lines = 1;
  let used = 0;
  for (const ratio of ratios) {
    const next = tileWidth(ratio, height);
    if (next > width) return Infinity;
    if (used > 0 && used + gap + next > width) {
      lines += 1;
      used = 0;
    }
    used += (used > 0 ? gap : 0) + next;
  }
  return lines;
}

// The largest height at which no cell needs more lines than three pictures to a line make, or two, or one.
function fittingHeight(cells, room) {
  for (const perLine of [3, 2, 1]) {
    for (let height = 320; height >= 150; height -= 1) {
      if (cells.every((ratios) => linesAt(height, ratios, room) <= Math.ceil(ratios.length / perLine))) return height;
    }
  }
  return 150;
}

// One height and one column width for the whole grid, so that everything in it can be compared.
function measure(grid, width, zoom) {
  const distinct = new Set(grid.rows.flat().map((cell) => cell.map((index) => ratioOf(tiles[index]).toFixed(3)).join(" ")));
  const cells = [...distinct].filter(Boolean).map((cell) => cell.split(" ").map(Number));
  const room = Math.floor((width + columnGap) / grid.across.length) - columnGap;
  const height = Math.round((fittingHeight(cells, room) * zoom) / 100);
  const widest = Math.max(...cells.map((ratios) => Math.max(...ratios.map((ratio) => tileWidth(ratio, height)))), narrowest);
  const whole = Math.max(...cells.map((ratios) => ratios.reduce((sum, ratio) => sum + tileWidth(ratio, height) + gap, -gap)), narrowest);
  return { height, column: Math.ceil(Math.min(Math.max(room, widest), whole)) + columnGap };
}
