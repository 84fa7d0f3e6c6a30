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
const narrowest = 84;
const mostInACell = 24;
const tileWidth = (ratio, height) => Math.max(narrowest, ratio * height);

// How many lines a cell takes when its pictures, at this height, wrap in this width.
function linesAt(height, ratios, width) {
  let lines = 1;
  let used = 0;
  for (const ratio of ratios) {
    const next = tileWidth(ratio, height);
    if (used > 0 && used + gap + next > width) {
      lines += 1;
      used = 0;
    }
    used += (used > 0 ? gap : 0) + next;
  }
  return lines;
}

// How wide a cell must be for its pictures to stand so many to a line.
function widthFor(ratios, height, perLine) {
  let widest = narrowest;
  for (let from = 0; from < ratios.length; from += perLine) {
    const line = ratios.slice(from, from + perLine);
    widest = Math.max(widest, line.reduce((sum, ratio) => sum + tileWidth(ratio, height) + gap, -gap));
  }
  return widest;
}

const sum = (numbers) => numbers.reduce((all, each) => all + each, 0);

// The different cells of every column, as the ratios of their pictures; a full cell goes on in another line anyway.
function cellsByColumn(grid) {
  return grid.across.map((_, column) => {
    const met = new Set(grid.rows.map((line) => line[column].slice(0, mostInACell).map((index) => ratioOf(tiles[index]).toFixed(3)).join(" ")));
    return [...met].filter(Boolean).map((cell) => cell.split(" ").map(Number));
  });
}

// One height for the whole grid, so that everything in it can be compared: the largest at which all columns fit into the
// width with three pictures to a line, or two, or one. Columns are as wide as their pictures need.
function measure(grid, width, zoom) {
  const columns = cellsByColumn(grid);
  // A little more for each, because browsers round.
  const room = width - (columnGap + 2) * columns.length + columnGap;
  const widths = (height, perLine) => columns.map((cells) => cells.reduce((most, ratios) => Math.max(most, widthFor(ratios, height, perLine)), narrowest));
  const { height, perLine } = largestFit((...fit) => sum(widths(...fit)) <= room);
  const zoomed = Math.round((height * zoom) / 100);
  const needed = widths(zoomed, perLine);
  const whole = widths(zoomed, mostInACell);
  const spare = Math.max(0, room - sum(needed)) / columns.length;
  return { height: zoomed, columns: needed.map((each, at) => Math.ceil(Math.min(each + spare, Math.max(each, whole[at])) + 0.5)) };
}

function largestFit(fits) {
  for (const perLine of [3, 2, 1]) {
    for (let height = 320; height >= 144; height -= 4) if (fits(height, perLine)) return { height, perLine };
  }
  return { height: 144, perLine: 1 };
}
