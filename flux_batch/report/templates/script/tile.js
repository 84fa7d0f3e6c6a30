// One image as a figure, filled from the page's own templates.
function makeTile(index, spanned) {
  const tile = tiles[index];
  const figure = byId("tile-template").content.firstElementChild.cloneNode(true);
  figure.dataset.index = String(index);
  figure.style.setProperty("--ratio", ratioOf(tile).toFixed(4));
  const part = (name) => figure.querySelector(name);
  if (tile.picture) fillPicture(tile, part);
  else part(".open").replaceWith(makeNotice(tile, () => openBox(index)));
  fillCaption(tile, spanned, part);
  fillTools(tile, index, part);
  fillParts(part(".parts"), tileParts, index);
  return figure;
}

function fillPicture({ picture, alt, parent, suspect }, part) {
  part(".open").href = picture.href;
  setThumb(part(".picture"), picture, alt);
  part(".badge").hidden = !suspect;
  const before = tiles[parent]?.picture;
  if (!before) return;
  Object.assign(part(".inset"), { width: before.thumb_width, height: before.thumb_height, src: before.thumb, alt: `Edited from ${tiles[parent].alt}`, hidden: false });
}

// The browser takes the thumbnail that fits the size on the screen and its density.
function setThumb(image, picture, alt) {
  Object.assign(image, { width: picture.thumb_width, height: picture.thumb_height, alt });
  if (picture.thumb2_width > picture.thumb_width) {
    image.sizes = "auto, 320px";
    image.srcset = `${picture.thumb} ${picture.thumb_width}w, ${picture.thumb2} ${picture.thumb2_width}w`;
  }
  image.src = picture.thumb;
}

// The values that the grid's headings and tabs do not say already; below them what is worth repeating.
function fillCaption(tile, spanned, part) {
  part(".values").textContent = axes
    .filter(({ name }) => !spanned.has(name) && name !== "model" && name !== "ratio")
    .map(({ name }) => labelOf(tile, name) && sayLabel(name, labelOf(tile, name)))
    .filter(Boolean)
    .join(" · ");
  const line = [
    axisByName.has("model") && !spanned.has("model") ? sayLabel("model", tile.model) : "",
    tile.size === "match_input_image" || (axisByName.has("ratio") && spanned.has("ratio")) ? "" : tile.size,
    tile.cost || (tile.shared_with ? "shared" : ""),
  ];
  part(".line").append(...line.filter(Boolean).map((text) => element("span", { textContent: text })));
  if (!tile.wanted) part(".line").append(element("span", { className: "retired", textContent: "no longer wanted" }));
}

function fillTools(tile, index, part) {
  part(".copy").ariaLabel = `Copy the prompt of ${tile.alt}`;
  const compare = part(".compare");
  if (!tile.picture) compare.remove();
  else {
    compare.ariaLabel = `Compare ${tile.alt}`;
    markCompared(compare, index);
  }
}

// Its letter stands where the icon was.
function markCompared(button, index) {
  const at = state.compare.indexOf(index);
  button.setAttribute("aria-pressed", String(at >= 0));
  button.querySelector(".said").textContent = at < 0 ? "" : letterOf(at);
}

function makeNotice({ notice, alt }, open) {
  const made = byId("notice-template").content.firstElementChild.cloneNode(true);
  made.classList.add(notice.tone);
  made.querySelector(".word-text").textContent = notice.word;
  made.querySelector(".reason").textContent = notice.reason;
  made.querySelector(".command").textContent = notice.command;
  made.querySelector(".advice").textContent = notice.advice;
  // Many tiles have this button; its name says whose it is.
  if (open) {
    const more = element("button", { type: "button", className: "button more", textContent: "Details", ariaLabel: `Details of ${alt}` });
    more.addEventListener("click", open);
    made.append(more);
  }
  return made;
}

// One listener for all tiles: there may be ten thousand.
function setUpTiles() {
  byId("view").addEventListener("click", (event) => {
    const figure = event.target.closest(".tile[data-index]");
    const part = (name) => event.target.closest(name);
    if (!figure) return;
    const index = Number(figure.dataset.index);
    if (part(".copy")) copyText(tiles[index].prompt, "Prompt copied");
    else if (part(".compare")) toggleCompare(index);
    // With Ctrl, Shift or ⌘ it stays a link to the file.
    else if (part(".open") && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      openBox(index);
    }
  });
}
