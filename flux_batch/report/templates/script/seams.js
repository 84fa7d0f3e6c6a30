// Where parts of this page hang their own things onto it. Everything is registered while the script loads; main.js then
// runs the starters in order, reads the address and draws.
//
//   addTilePart((tile, index) => element | null)     below a tile's caption
//   addPanelPart((tile, index) => element | null)    in the lightbox's side panel, above the prompt
//   addComparePart((tile, index) => element | null)  below each picture of the comparison
//   atStart(() => …)                                 once, before the first drawing; the state is read by then
//   afterDraw((indexes) => …)                        after every drawing of the whole view, with what it shows
//   refreshTile(index)                               makes the parts of one tile anew, wherever it is shown
//   applyTilePatch(index, tile)                      replaces what is known of one tile, and draws only this one
//   addFilter({ … }), setFilter(name, value)         see filters.js
//   focusedIndex(), focusTile(index), moveFocus(dx, dy), openTile(index), toggleCompare(index), focusSearch(): walk.js
//
// Slots in the page: #review-slot (tools), #menu-slot (head), #winners-slot (above the view), #panel-slot (lightbox).
const tileParts = [];
const panelParts = [];
const compareParts = [];
const starters = [];
const drawers = [];
const addTilePart = (make) => tileParts.push(make);
const addPanelPart = (make) => panelParts.push(make);
const addComparePart = (make) => compareParts.push(make);
const atStart = (start) => starters.push(start);
const afterDraw = (drawn) => drawers.push(drawn);

// An empty holder takes no room.
function fillParts(holder, makers, index) {
  const made = makers.map((make) => make(tiles[index], index)).filter(Boolean);
  const focused = holder.contains(document.activeElement) ? document.activeElement.dataset.part : undefined;
  holder.replaceChildren(...made);
  holder.hidden = made.length === 0;
  // A control that had the focus and says who it is (data-part) gets it back.
  if (focused !== undefined) [...holder.querySelectorAll("[data-part]")].find((it) => it.dataset.part === focused)?.focus();
}

function refreshTile(index) {
  const figure = drawnTile(index);
  if (figure) fillParts(figure.querySelector(".parts"), tileParts, index);
  if (byId("box").open && boxIndex === index) fillParts(byId("panel-slot"), panelParts, index);
  refreshCompared(index);
}

function applyTilePatch(index, tile) {
  const before = tiles[index];
  tiles[index] = expand(tile);
  adopt(index, before?.parent);
  forgetText(index);
  redrawTile(index);
  if (byId("box").open && boxIndex === index) showInBox(index);
  refreshCompared(index);
}
