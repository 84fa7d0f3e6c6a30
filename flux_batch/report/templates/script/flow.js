// Images one after the other, in lines that fill the width. The lines are broken here, so that the page can be drawn
// in slices that end where a line ends.
function makeFlow(make) {
  remake = make;
  const slices = [];
  let pending = [];
  flowLines.forEach((line) => {
    pending.push(line);
    if (pending.flat().length < sliceTiles) return;
    slices.push(makeFlowSlice(pending, make));
    pending = [];
  });
  if (pending.length > 0) slices.push(makeFlowSlice(pending, make));
  return slices;
}

const makeFlowSlice = (lines, make) =>
  makeSlice(element("div", { className: "cell flow" }), lines, (box, drawn) => box.replaceChildren(...drawn.flat().map(make)), lines.length * (shownFit.height + captionHeight + 22));

function breakLines(indexes, width, height) {
  const lines = [];
  let used = Infinity;
  for (const index of indexes) {
    const next = Math.min(width, tileWidth(ratioOf(tiles[index]), height));
    if (used + gap + next > width) {
      lines.push([]);
      used = -gap;
    }
    used += gap + next;
    lines.at(-1).push(index);
  }
  return lines;
}
