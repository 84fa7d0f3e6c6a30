// Indexes into rows and columns, each by any number of axes; headings in the order of the axes, empty ones left out.
// Images without the axis stand first where the spec has them first: what an edit starts from is left of the edits.
function layOut(indexes, rows, columns) {
  const down = spread(indexes, rows);
  const across = spread(indexes, columns);
  const lines = down.leaves.map(() => across.leaves.map(() => []));
  indexes.forEach((index, at) => lines[down.leafAt[at]][across.leafAt[at]].push(index));
  return { down: down.leaves, across: across.leaves, rows: lines };
}

// Every combination of labels that occurs, in order, as a list of labels; and for every index which of them it has.
function spread(indexes, names) {
  const ranks = names.map((name) => rankLabels(indexes, name));
  const keys = indexes.map((index) => ranks.reduce((key, rank, at) => key * rank.size + rank.get(labelOf(tiles[index], names[at])), 0));
  const order = [...new Set(keys)].sort((one, other) => one - other);
  const place = new Map(order.map((key, at) => [key, at]));
  const leaves = new Array(order.length);
  keys.forEach((key, at) => { leaves[place.get(key)] ??= names.map((name) => labelOf(tiles[indexes[at]], name)); });
  return { leaves: leaves.length > 0 ? leaves : [names.map(() => "")], leafAt: keys.map((key) => place.get(key)) };
}

function rankLabels(indexes, name) {
  const known = axisByName.get(name).values.map(({ label }) => label);
  const met = new Set(indexes.map((index) => labelOf(tiles[index], name)));
  const listed = new Set(known);
  const labels = [...known, ...[...met].filter((label) => label !== "" && !listed.has(label))];
  if (met.has("")) labels.splice(labelOf(tiles[indexes[0]], name) === "" ? 0 : labels.length, 0, "");
  return new Map(labels.map((label, at) => [label, at]));
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
    for (let height = 320; height >= 150; height -= 2) {
      if (cells.every((ratios) => linesAt(height, ratios, room) <= Math.ceil(ratios.length / perLine))) return height;
    }
  }
  return 150;
}

// One height and one column width for the whole grid, so that everything in it can be compared.
function measure(grid, width, zoom) {
  const distinct = new Set();
  for (const line of grid.rows) for (const cell of line) distinct.add(cell.map((index) => ratioOf(tiles[index]).toFixed(3)).join(" "));
  const cells = [...distinct].filter(Boolean).map((cell) => cell.split(" ").map(Number));
  const room = Math.floor((width + columnGap) / grid.across.length) - columnGap;
  const height = Math.round((fittingHeight(cells, room) * zoom) / 100);
  const widest = cells.reduce((most, ratios) => Math.max(most, ...ratios.map((ratio) => tileWidth(ratio, height))), narrowest);
  const whole = cells.reduce((most, ratios) => Math.max(most, ratios.reduce((sum, ratio) => sum + tileWidth(ratio, height) + gap, -gap)), narrowest);
  return { height, room, column: Math.ceil(Math.min(Math.max(room, widest), whole)) + columnGap };
}
