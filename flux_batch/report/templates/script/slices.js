// A long sheet is made of slices. Those near the screen hold their images; the others are empty and keep their height,
// so that ten thousand images scroll like a hundred. A short sheet is drawn whole.
const wholeUpTo = 300;
const sliceTiles = 24;
const captionHeight = 70;

let slices = [];
let sliceOf = new Map();
let waiting = new Set();
let pumping = false;

const sliceWatch = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting, boundingClientRect } of entries) {
    const slice = sliceOf.get(target);
    if (!slice) continue;
    slice.near = isIntersecting;
    if (isIntersecting && !slice.filled) waiting.add(slice);
    else if (!isIntersecting && slice.filled && boundingClientRect.height > 0) {
      slice.height = boundingClientRect.height;
      waiting.add(slice);
    }
  }
  pump();
}, { rootMargin: "1200px 600px", scrollMargin: "1200px 600px" });

function makeSlice(box, lines, fill, height) {
  const slice = { box, lines, height, filled: false, near: false, fill: () => fill(box, lines) };
  slices.push(slice);
  sliceOf.set(box, slice);
  return box;
}

// About how high these lines of a table are, before anything is drawn.
function heightOfLines(lines) {
  const { height, columns } = shownFit;
  return lines.reduce((all, { cells }) => {
    const most = cells.reduce((deep, cell, at) => Math.max(deep, linesAt(height, cell.map((index) => ratioOf(tiles[index])), columns[at])), 1);
    return all + 29 + most * (height + captionHeight + gap) - gap;
  }, 0);
}

function dropSlices() {
  sliceWatch.disconnect();
  slices = [];
  sliceOf = new Map();
  waiting = new Set();
}

// What can be seen at once; the rest follows as it comes near.
function fillFirst() {
  if (shownOrder.length <= wholeUpTo) {
    slices.forEach(fillSlice);
    return;
  }
  byId("view").querySelector(".grid")?.setAttribute("aria-rowcount", String(shownGrid.down.length + state.columns.length));
  let left = innerHeight;
  slices.forEach((slice) => {
    if (left > 0) fillSlice(slice);
    else emptySlice(slice);
    left -= slice.height;
    sliceWatch.observe(slice.box);
  });
}

function fillSlice(slice) {
  slice.box.style.removeProperty("height");
  slice.fill();
  slice.filled = true;
}

// Never what the reader is using.
function emptySlice(slice) {
  if (slice.box.contains(document.activeElement)) return;
  slice.filled = false;
  if (slice.box.tagName !== "TBODY") {
    slice.box.replaceChildren();
    slice.box.style.height = `${slice.height}px`;
    return;
  }
  const room = element("td", { colSpan: shownGrid.across.length + 1 });
  room.style.height = `${slice.height}px`;
  slice.box.replaceChildren(element("tr", { className: "gap", ariaHidden: "true" }, room));
}

// A few at a time, so that scrolling never waits; first what is on the screen.
function pump() {
  if (pumping || waiting.size === 0) return;
  pumping = true;
  requestAnimationFrame(() => {
    pumping = false;
    const until = performance.now() + 10;
    for (const slice of waiting) {
      waiting.delete(slice);
      if (slice.near && !slice.filled) fillSlice(slice);
      else if (!slice.near && slice.filled) emptySlice(slice);
      if (performance.now() > until) break;
    }
    pump();
  });
}

// The tile's figure, drawn now if it was not.
function showTile(index) {
  if (!drawnTile(index)) {
    const slice = slices.find(({ lines }) => lines.some((line) => (line.cells ?? [line]).flat().includes(index)));
    if (slice) fillSlice(slice);
  }
  return drawnTile(index);
}

const fillAll = () => slices.forEach((slice) => { if (!slice.filled) fillSlice(slice); });
