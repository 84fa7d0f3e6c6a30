// One image large, with everything known about it. The platform's own <dialog> brings focus, Esc and the backdrop.
let boxIndex = -1;

function openBox(index) {
  showInBox(index);
  if (!byId("box").open) byId("box").showModal();
}

function step(by) {
  const at = shownOrder.indexOf(boxIndex) + by;
  if (at >= 0 && at < shownOrder.length) showInBox(shownOrder[at]);
}

function showInBox(index) {
  boxIndex = index;
  const tile = tiles[index];
  byId("box-title").textContent = tile.alt;
  byId("prompt").textContent = tile.prompt;
  byId("suspect").textContent = tile.suspect ?? "";
  byId("suspect").hidden = !tile.suspect;
  showStage(tile);
  showPosition(index);
  showDetails(tile);
  showLineage(tile);
}

function showStage(tile) {
  const { picture, notice } = tile;
  setActual(false);
  byId("actual").hidden = byId("original").hidden = byId("box-image").hidden = !picture;
  byId("box-notice").hidden = !notice;
  byId("box-notice").replaceChildren(...(notice ? [makeNotice(tile, null)] : []));
  if (picture) {
    showImage(byId("box-image"), picture, tile.alt);
    byId("original").href = picture.href;
  }
  const before = tiles[tile.parent]?.picture;
  byId("before").hidden = byId("after-label").hidden = !before;
  if (before) showImage(byId("before-image"), before, `Edited from: ${tiles[tile.parent].alt}`);
}

// The thumbnail stands in until the original is there.
function showImage(image, picture, alt) {
  image.style.backgroundImage = `url("${picture.thumb}")`;
  image.onload = () => { image.style.backgroundImage = "none"; };
  Object.assign(image, { width: picture.width, height: picture.height, alt, src: picture.shown || picture.href });
}

function showPosition(index) {
  const at = shownOrder.indexOf(index);
  byId("position").textContent = at < 0 ? "" : `${at + 1} of ${shownOrder.length}`;
  byId("previous").disabled = at <= 0;
  byId("next").disabled = at < 0 || at === shownOrder.length - 1;
  for (const near of [shownOrder[at - 1], shownOrder[at + 1]]) {
    const picture = tiles[near]?.picture;
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
    ["cost", tile.cost ?? (tile.shared_with ? `paid for by ${tile.shared_with}` : "")],
    ["reference", tile.reference],
    ...Object.entries(tile.options ?? {}).map(([name, value]) => [name.replaceAll("_", " "), String(value)]),
    ["id", tile.id],
    ["file", picture ? `${picture.name}, ${picture.weight}` : ""],
  ];
  const pairs = facts.filter(([, text]) => text).flatMap(([term, text]) => [
    element("dt", { textContent: term.charAt(0).toUpperCase() + term.slice(1) }),
    element("dd", { textContent: text, dir: "auto" }),
  ]);
  byId("details").replaceChildren(...pairs);
}

function showLineage({ parent, edits = [] }) {
  const family = [...(parent === undefined ? [] : [parent]), ...edits];
  byId("lineage").hidden = family.length === 0;
  byId("lineage-title").textContent = parent === undefined ? "Edits made from it" : edits.length ? "Edited from, and edits of it" : "Edited from";
  byId("lineage-list").replaceChildren(...family.map((index) => element("li", {}, makeRelative(index))));
}

function makeRelative(index) {
  const { picture, alt, notice } = tiles[index];
  const inside = picture
    ? element("img", { src: picture.thumb, width: picture.thumb_width, height: picture.thumb_height, alt })
    : element("span", { className: "text", textContent: `${alt} (${notice.word})` });
  const button = element("button", { type: "button", title: alt }, inside);
  button.addEventListener("click", () => showInBox(index));
  return button;
}

function setActual(on) {
  byId("stage").classList.toggle("actual", on);
  byId("actual").setAttribute("aria-pressed", String(on));
}

function setUpBox() {
  const box = byId("box");
  const toggle = () => setActual(!byId("stage").classList.contains("actual"));
  byId("previous").addEventListener("click", () => step(-1));
  byId("next").addEventListener("click", () => step(1));
  byId("close").addEventListener("click", () => box.close());
  byId("actual").addEventListener("click", toggle);
  byId("box-image").addEventListener("click", toggle);
  byId("copy").addEventListener("click", () => copyPrompt(tiles[boxIndex]));
  box.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    step(by);
  });
  // Back to where the reader went, not to where they came from.
  box.addEventListener("close", () => {
    const tile = document.querySelector(`.tile[data-index="${boxIndex}"]`);
    (tile?.querySelector(".open, .more") ?? byId("images")).focus();
  });
}
