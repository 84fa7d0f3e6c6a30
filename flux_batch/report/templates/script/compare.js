// Several images at once: side by side, as a wipe, or their texts. The tray below the view gathers them.
const mostCompared = 4;
const letterOf = (at) => String.fromCharCode(65 + at);
let compareZoom = null;
// What was in the tray while a chain of edits is looked at.
let setAside = null;

function toggleCompare(index) {
  const there = state.compare.includes(index);
  if (!there && !tiles[index]?.picture) return toast("There is no picture to compare yet");
  if (!there && state.compare.length >= mostCompared) return toast("Four at most: remove one first");
  setCompared(there ? state.compare.filter((each) => each !== index) : [...state.compare, index]);
  return toast(there ? "Removed from the comparison" : `${letterOf(state.compare.length - 1)} of the comparison`);
}

function setCompared(indexes) {
  const touched = new Set([...state.compare, ...indexes]);
  state.compare = indexes;
  if (indexes.length < 2) state.mode = "";
  writeState();
  for (const index of touched) {
    const button = drawnTile(index)?.querySelector(".compare");
    if (button) markCompared(button, index);
    if (index === boxIndex) byId("box-compare").setAttribute("aria-pressed", String(indexes.includes(index)));
  }
  drawTray();
  if (byId("compare-box").open) {
    if (state.mode) drawCompare();
    else byId("compare-box").close();
  }
}

function openCompare(indexes, mode) {
  if (indexes !== state.compare) {
    setAside ??= state.compare;
    state.compare = indexes;
  }
  state.mode = mode;
  writeState();
  if (!byId("compare-box").open) byId("compare-box").showModal();
  drawCompare();
}

function drawCompare() {
  const { compare, mode } = state;
  byId("compare-title").textContent = `${compare.length} images`;
  drawModes();
  const stage = byId("compare-stage");
  stage.dataset.mode = mode;
  stage.dataset.count = String(compare.length);
  byId("compare-zoom").hidden = mode === "text";
  byId("wipe-tools").hidden = mode !== "wipe";
  if (mode === "text") stage.replaceChildren(...makeTexts(compare));
  else if (mode === "wipe") drawWipe(stage, compare);
  else stage.replaceChildren(...compare.map(makePane));
  compareZoom.set(mode === "text" ? [] : [...stage.querySelectorAll(".viewport")].flatMap(panesOf));
}

const panesOf = (viewport) =>
  [...viewport.querySelectorAll("img")].map((image) => ({ viewport, image, picture: tiles[Number(image.dataset.index)].picture }));

function drawModes() {
  const focused = byId("compare-modes").contains(document.activeElement);
  const options = [["Side by side", "side"], ["Wipe", "wipe"], ["Texts", "text"]];
  byId("compare-modes").replaceChildren(makeSegments("View", options, state.mode, (mode) => openCompare(state.compare, mode)));
  if (focused) byId("compare-modes").querySelector("input:checked").focus();
}

function makePane(index, at) {
  const tile = tiles[index];
  const image = element("img", { alt: tile.alt, draggable: false });
  image.dataset.index = String(index);
  const figure = element("figure", { className: "pane", tabIndex: -1 },
    element("div", { className: "viewport" }, image),
    element("figcaption", {}, element("span", { className: "letter", textContent: letterOf(at) }), makePaneText(tile), makeParts(index), makeRemove(index)));
  figure.dataset.index = String(index);
  showImage(image, tile.picture, tile.alt);
  return figure;
}

const makePaneText = (tile) => {
  const facts = [tile.model, tile.size === "match_input_image" ? "" : tile.size, tile.cost].filter(Boolean).join(" · ");
  return element("span", { className: "pane-text" }, element("span", { className: "values", dir: "auto", textContent: tile.alt }), element("span", { className: "line", textContent: facts }));
};

function makeParts(index) {
  const holder = element("div", { className: "parts" });
  fillParts(holder, compareParts, index);
  return holder;
}

function makeRemove(index) {
  const made = element("button", { type: "button", className: "button icon-only", ariaLabel: `Remove ${tiles[index].alt} from the comparison`, title: "Remove" }, icon("close"));
  made.addEventListener("click", () => {
    setCompared(state.compare.filter((each) => each !== index));
    if (byId("compare-box").open) byId("compare-close").focus();
  });
  return made;
}

// The pane that has the focus, or holds what has it; else the first.
function comparedIndex() {
  const pane = document.activeElement?.closest(".pane");
  return pane ? Number(pane.dataset.index) : state.compare[0] ?? -1;
}

function refreshCompared(index) {
  if (!state.compare.includes(index)) return;
  if (!tiles[index].picture) return setCompared(state.compare.filter((each) => each !== index));
  const pane = byId("compare-stage").querySelector(`.pane[data-index="${index}"]`);
  if (pane) fillParts(pane.querySelector(".parts"), compareParts, index);
}

function drawTray() {
  const { compare } = state;
  const tray = byId("tray");
  const focused = tray.contains(document.activeElement);
  tray.hidden = compare.length === 0;
  document.documentElement.style.setProperty("--tray", compare.length > 0 ? "92px" : "0px");
  byId("tray-list").replaceChildren(...compare.map((index, at) => element("li", {}, makeTrayItem(index, at))));
  for (const name of ["tray-side", "tray-wipe", "tray-text"]) byId(name).disabled = compare.length < 2;
  if (focused && !tray.contains(document.activeElement)) (tray.hidden ? byId("images") : byId("tray-clear")).focus();
}

function makeTrayItem(index, at) {
  const { picture, alt } = tiles[index];
  const made = element("button", { type: "button", ariaLabel: `Remove ${alt} from the comparison`, title: "Remove" },
    element("span", { className: "letter", textContent: letterOf(at) }),
    element("img", { src: picture.thumb, width: picture.thumb_width, height: picture.thumb_height, alt: "" }));
  made.addEventListener("click", () => toggleCompare(index));
  return made;
}

function setUpCompare() {
  const box = byId("compare-box");
  compareZoom = makeZoom(byId("compare-stage"), { dragged: (share) => { if (state.mode === "wipe") dragWipe(share); } });
  byId("compare-zoom").append(makeZoomTools(compareZoom));
  for (const mode of compareModes) byId(`tray-${mode}`).addEventListener("click", () => openCompare(state.compare, mode));
  byId("tray-clear").addEventListener("click", () => setCompared([]));
  byId("compare-close").addEventListener("click", () => box.close());
  addEventListener("keydown", (event) => { if (box.open && !event.defaultPrevented) zoomByKey(compareZoom, event); });
  box.addEventListener("close", () => {
    state.mode = "";
    const tray = setAside ?? state.compare;
    setAside = null;
    setCompared(tray);
  });
  setUpWipe();
}
