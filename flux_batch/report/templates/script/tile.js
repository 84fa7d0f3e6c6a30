// One image as a figure, filled from the page's own templates.
function makeTile(index, { spanned, open, copy }) {
  const tile = tiles[index];
  const figure = byId("tile-template").content.firstElementChild.cloneNode(true);
  figure.dataset.index = String(index);
  figure.style.setProperty("--ratio", ratioOf(tile).toFixed(4));
  const part = (name) => figure.querySelector(name);
  if (tile.picture) fillPicture(tile, part);
  else part(".open").replaceWith(makeNotice(tile, () => open(index)));
  fillCaption(tile, spanned, part);
  part(".open")?.addEventListener("click", (event) => {
    // With Ctrl, Shift or ⌘ it stays a link to the file.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open(index);
  });
  part(".copy").setAttribute("aria-label", `Copy the prompt of ${tile.alt}`);
  part(".copy").addEventListener("click", () => copy(tile));
  return figure;
}

function fillPicture({ picture, alt, parent, suspect }, part) {
  part(".open").href = picture.href;
  Object.assign(part(".picture"), { width: picture.thumb_width, height: picture.thumb_height, src: picture.thumb, alt });
  part(".badge").hidden = !suspect;
  const before = tiles[parent]?.picture;
  if (!before) return;
  Object.assign(part(".inset"), { width: before.thumb_width, height: before.thumb_height, src: before.thumb, alt: `Edited from ${tiles[parent].alt}`, hidden: false });
}

// The values that the grid's headings and tabs do not say already; below them what is worth repeating.
function fillCaption(tile, spanned, part) {
  const values = axes.filter(({ name }) => !spanned.has(name) && name !== "model" && name !== "ratio");
  part(".values").textContent = values
    .map(({ name }) => labelOf(tile, name) && sayLabel(name, labelOf(tile, name)))
    .filter(Boolean)
    .join(" · ");
  const line = [
    axisByName.has("model") && !spanned.has("model") ? sayLabel("model", tile.model) : "",
    tile.size === "match_input_image" ? "" : tile.size,
    tile.cost ?? (tile.shared_with ? "shared" : ""),
  ];
  part(".line").append(...line.filter(Boolean).map((text) => element("span", { textContent: text })));
  if (!tile.wanted) part(".line").append(element("span", { className: "retired", textContent: "no longer wanted" }));
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
