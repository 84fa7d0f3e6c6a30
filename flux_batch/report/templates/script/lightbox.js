// One image large, with everything known about it. The platform's own <dialog> brings focus, Esc and the backdrop.
let boxIndex = -1;
let boxZoom = null;

function openBox(index) {
  showInBox(index);
  if (!byId("box").open) byId("box").showModal();
  boxZoom.apply();
}

function showInBox(index) {
  boxIndex = index;
  state.open = index;
  writeState();
  const tile = tiles[index];
  byId("box-title").textContent = tile.alt;
  byId("prompt").textContent = tile.prompt;
  byId("suspect").textContent = tile.suspect;
  byId("suspect").hidden = !tile.suspect;
  byId("box-compare").hidden = !tile.picture;
  byId("box-compare").setAttribute("aria-pressed", String(state.compare.includes(index)));
  showStage(tile);
  showPosition(index);
  fillParts(byId("panel-slot"), panelParts, index);
  showLineage(index);
  showDetails(tile);
}

function showStage(tile) {
  const { picture, notice } = tile;
  byId("actual").hidden = byId("original").hidden = byId("zoom-slot").hidden = byId("after-view").hidden = !picture;
  byId("box-notice").hidden = !notice;
  byId("box-notice").replaceChildren(...(notice ? [makeNotice(tile, null)] : []));
  const before = tiles[tile.parent]?.picture;
  byId("before").hidden = byId("after-label").hidden = !before;
  const panes = [];
  if (picture) {
    panes.push(showImage(byId("box-image"), picture, tile.alt));
    byId("original").href = picture.href;
  }
  if (before) panes.push(showImage(byId("before-image"), before, `Edited from: ${tiles[tile.parent].alt}`));
  boxZoom.set(panes);
}

// The thumbnail stands in until the original is there.
function showImage(image, picture, alt) {
  const source = picture.shown || picture.href;
  if (image.getAttribute("src") !== source) {
    image.style.backgroundImage = `url("${picture.thumb2 || picture.thumb}")`;
    image.onload = () => { image.style.backgroundImage = "none"; };
  }
  Object.assign(image, { width: picture.width, height: picture.height, alt, src: source });
  return { viewport: image.parentElement, image, picture };
}

function showPosition(index) {
  const at = shownOrder.indexOf(index);
  byId("position").textContent = at < 0 ? "" : `${at + 1} of ${shownOrder.length}`;
  const ways = { previous: [-1, 0], next: [1, 0], above: [0, -1], below: [0, 1] };
  for (const [name, way] of Object.entries(ways)) byId(name).disabled = neighbour(index, ...way) < 0;
  for (const way of Object.values(ways)) {
    const picture = tiles[neighbour(index, ...way)]?.picture;
    if (picture) new Image().src = picture.shown || picture.href;
  }
}

function showDetails(tile) {
  const { picture, notice } = tile;
  // Model and ratio follow below; the only job and the only variation say nothing.
  const said = (axis) => axis !== "model" && axis !== "ratio" && (axisByName.has(axis) || !["job", "n"].includes(axis));
  const values = Object.entries(tile.place).filter(([axis]) => said(axis));
  const facts = [
    ...(notice ? [["Status", notice.word], ["Code", notice.code]] : []),
    ...values.map(([axis, label]) => [axisTitle(axis), label]),
    ["model", tile.model],
    ["size", picture ? `${tile.size}, ${picture.width} × ${picture.height}` : tile.size],
    ["cost", tile.cost || (tile.shared_with ? `paid for by ${tile.shared_with}` : "")],
    ["reference", tile.reference],
    ...Object.entries(tile.options).map(([name, value]) => [name.replaceAll("_", " "), String(value)]),
    ["id", tile.id],
    ["file", picture ? `${picture.name}, ${picture.weight.replace(" ", "\u00a0")}` : ""],
  ];
  byId("details").replaceChildren(...makeFacts(facts));
  showWhy(tile);
}

const makeFacts = (facts) =>
  facts.filter(([, text]) => text).flatMap(([term, text]) => [
    element("dt", { textContent: term.charAt(0).toUpperCase() + term.slice(1) }),
    element("dd", { textContent: text, dir: "auto" }),
  ]);

const setBoxActual = ({ scale }) => {
  byId("actual").setAttribute("aria-pressed", String(scale > 1));
  byId("zoom-level").textContent = scale > 1 ? `${Math.round(scale * 100)} %` : "";
};

function setUpBox() {
  const box = byId("box");
  boxZoom = makeZoom(byId("stage"), { changed: setBoxActual, swiped: (by) => moveFocus(by, 0) });
  byId("zoom-slot").append(makeZoomTools(boxZoom));
  const ways = { previous: [-1, 0], next: [1, 0], above: [0, -1], below: [0, 1] };
  for (const [name, way] of Object.entries(ways)) byId(name).addEventListener("click", () => moveFocus(...way));
  byId("close").addEventListener("click", () => box.close());
  byId("actual").addEventListener("click", () => boxZoom.toggle());
  byId("copy").addEventListener("click", () => copyText(tiles[boxIndex].prompt, "Prompt copied"));
  byId("copy-why").addEventListener("click", () => copyText(byId("why").textContent, "Command copied"));
  byId("box-compare").addEventListener("click", () => toggleCompare(boxIndex));
  // On the page, for a button that had the focus may be disabled by now.
  addEventListener("keydown", (event) => {
    if (!box.open || byId("compare-box").open || event.defaultPrevented || zoomByKey(boxZoom, event)) return;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || scrolls(event)) return;
    event.preventDefault();
    moveFocus(...way);
  });
  // Back to where the reader went, not to where they came from.
  box.addEventListener("close", () => {
    state.open = -1;
    writeState();
    if (!focusTile(boxIndex)) byId("images").focus();
  });
}

// Up and down move the text where it has the focus, and arrows move in what is typed.
const scrolls = ({ key, target }) =>
  target.matches("input, textarea, select") || (target.matches(".panel-body") && (key === "ArrowUp" || key === "ArrowDown"));
