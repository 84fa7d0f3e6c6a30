// The keys for going about and looking; the lightbox and the comparison obey some of them by themselves, and those are
// only listed here.
const onCard = () => focusedIndex() >= 0 && !byId("box").open && !byId("compare-box").open;
const inZoom = () => byId("box").open || byId("compare-box").open;
const zoomNow = () => (byId("compare-box").open ? compareZoom : boxZoom);
const elsewhere = { run: () => {}, when: () => false };

addCommand({ group: "Go", keys: ["ArrowRight"], title: "Next image", run: () => moveFocus(1, 0), when: onCard });
addCommand({ group: "Go", keys: ["ArrowLeft"], title: "Previous image", run: () => moveFocus(-1, 0), when: onCard });
addCommand({ group: "Go", keys: ["ArrowDown"], title: "The image below", run: () => moveFocus(0, 1), when: onCard });
addCommand({ group: "Go", keys: ["ArrowUp"], title: "The image above", run: () => moveFocus(0, -1), when: onCard });
addCommand({ group: "Go", keys: ["/"], title: "Search", run: focusSearch, when: () => !inZoom() });
addCommand({ group: "Go", keys: ["Escape"], title: "Close what is open", ...elsewhere });

addCommand({ group: "Look", keys: ["Z", "Space", "Enter"], title: "Look closely; again for the actual size", run: () => openTile(focusedIndex()), when: onCard });
addCommand({ group: "Look", keys: ["Z"], title: "Look closely; again for the actual size", run: () => (meantIndex() < 0 ? noImage() : openTile(meantIndex())), when: () => !document.querySelector("dialog[open]") });
addCommand({ group: "Look", keys: ["Z", "Space"], title: "Look closely; again for the actual size", run: () => zoomNow().toggle(), when: inZoom });
addCommand({ group: "Look", keys: ["+", "="], hint: ["+"], title: "Larger", run: () => zoomNow().by(1.25), when: inZoom });
addCommand({ group: "Look", keys: ["-", "_"], hint: ["-"], title: "Smaller", run: () => zoomNow().by(0.8), when: inZoom });
addCommand({ group: "Look", keys: ["Shift+arrows"], title: "Move a large picture", ...elsewhere });

addCommand({ group: "Compare", keys: ["A"], title: "Put in as the first", run: () => putCompared(0), when: canCompare });
addCommand({ group: "Compare", keys: ["B"], title: "Put in as the second", run: () => putCompared(1), when: canCompare });
addCommand({ group: "Compare", keys: ["C"], title: "Compare", run: compareNow, when: () => !byId("compare-box").open });

function canCompare() {
  return !byId("compare-box").open && !document.querySelector(".sheet-dialog[open]");
}

// Into that place; what stood there gives way, or changes places with it.
function putCompared(place) {
  const index = meantIndex();
  if (index < 0) return noImage();
  if (!tiles[index].picture) return toast("There is no picture to compare yet");
  const chosen = [...state.compare];
  const at = chosen.indexOf(index);
  const to = Math.min(place, at < 0 ? chosen.length : chosen.length - 1);
  if (at >= 0) chosen[at] = chosen[to];
  chosen[to] = index;
  setCompared(chosen);
  return toast(`${letterOf(to)} of the comparison`);
}

function compareNow() {
  if (state.compare.length > 1) openCompare(state.compare, state.mode || "side");
  else toast("Put two images in first, with A and B");
}
