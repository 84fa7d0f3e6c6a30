// On paper: twelve images to a page, each with its caption, under a head and above a line that says what they are.
const perPage = 12;

function makePaper() {
  const pages = [];
  for (let from = 0; from < shownOrder.length; from += perPage) pages.push(shownOrder.slice(from, from + perPage));
  Object.assign(byId("paper"), { role: "main", ariaLabel: "Printed pages" });
  byId("paper").replaceChildren(...pages.map((indexes, at) => makeSheet(indexes, at + 1, pages.length)));
}

function makeSheet(indexes, number, count) {
  const head = element("div", { className: "sheet-head" },
    element(number === 1 ? "h1" : "p", { className: "sheet-title", dir: "auto", textContent: document.querySelector("h1").textContent }),
    element("p", { textContent: [document.querySelector(".facts time")?.textContent, sayShown()].filter(Boolean).join(" · ") }));
  const foot = element("div", { className: "sheet-foot" },
    element("p", { textContent: document.querySelector(".disclosure").textContent }),
    element("p", { textContent: `Page ${number} of ${count}` }));
  return element("section", { className: "sheet-page" }, head, element("div", { className: "sheet-images" }, ...indexes.map(makePrint)), foot);
}

// What was searched for and left out, so that paper says what it does not show.
function sayShown() {
  const tabs = Object.entries(state.tabs).filter(([, label]) => label !== null).map(([axis, label]) => `${axisTitle(axis)}: ${sayLabel(axis, label)}`);
  const chips = [...byId("hidden").querySelectorAll(".chip:not(:last-child) span, .chip:only-child span")].map(({ textContent }) => textContent);
  return [`${shownOrder.length} images`, ...tabs, ...(state.query ? [`“${state.query}”`] : []), ...chips].join(", ");
}

function makePrint(index) {
  const tile = tiles[index];
  const frame = element("div", { className: "print-frame" });
  if (tile.picture) {
    const { picture } = tile;
    frame.append(element("img", { src: picture.thumb2 || picture.thumb, width: picture.thumb_width, height: picture.thumb_height, alt: tile.alt }));
  } else frame.append(makeNotice(tile, null));
  const facts = [tile.model, tile.size === "match_input_image" ? "" : tile.size, tile.cost].filter(Boolean).join(" · ");
  const parts = element("div", { className: "parts" });
  fillParts(parts, tileParts, index);
  return element("figure", { className: "print" }, frame,
    element("figcaption", {}, element("span", { className: "values", dir: "auto", textContent: tile.alt }), element("span", { className: "line", textContent: facts }), element("span", { className: "prompt", dir: "auto", textContent: tile.prompt }), parts));
}

async function printSheet() {
  makePaper();
  await Promise.allSettled([...byId("paper").querySelectorAll("img")].map((image) => image.decode()));
  print();
}

function setUpPrint() {
  byId("print").addEventListener("click", printSheet);
  // The browser's own command for printing does not come through the button.
  addEventListener("beforeprint", () => { if (byId("paper").childElementCount === 0) makePaper(); });
  addEventListener("afterprint", () => byId("paper").replaceChildren());
}
