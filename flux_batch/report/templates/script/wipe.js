// Pictures on top of each other: a line goes across, and the next one follows it. Two are A and B; a chain of edits is
// walked from its start to its end. The slider is the platform's own, and every stop is a button as well.
function drawWipe(stage, indexes) {
  const layers = indexes.map((index) => {
    const image = element("img", { alt: tiles[index].alt, draggable: false });
    image.dataset.index = String(index);
    return element("div", { className: "layer" }, image);
  });
  const viewport = element("div", { className: "viewport" }, ...layers,
    element("span", { className: "wipe-line" }), element("p", { className: "wipe-tag of-next" }), element("p", { className: "wipe-tag of-this" }));
  stage.replaceChildren(viewport);
  indexes.forEach((index, at) => showImage(layers[at].firstElementChild, tiles[index].picture, tiles[index].alt));
  const range = byId("wipe");
  Object.assign(range, { min: "0", max: String((indexes.length - 1) * 100), step: "1", value: "50" });
  byId("wipe-stops").replaceChildren(...stopsOf(indexes).map(makeStop));
  setWipe(50);
}

// A, 50, B; with more of them the halves are left out.
function stopsOf(indexes) {
  const stops = indexes.map((index, at) => ({ text: letterOf(at), said: `Show ${letterOf(at)}: ${tiles[index].alt}`, value: at * 100 }));
  if (indexes.length === 2) stops.splice(1, 0, { text: "50", said: "Half of each", value: 50 });
  return stops;
}

function makeStop({ text, said, value }) {
  const made = element("button", { type: "button", className: "button", textContent: text, ariaLabel: said, title: said });
  made.dataset.value = String(value);
  made.addEventListener("click", () => setWipe(value));
  return made;
}

function setWipe(value) {
  const { compare } = state;
  const range = byId("wipe");
  range.value = String(value);
  const at = Math.min(Math.floor(value / 100), compare.length - 2);
  const share = value - at * 100;
  byId("compare-stage").querySelectorAll(".layer").forEach((layer, each) => {
    layer.classList.toggle("seen", each === at || each === at + 1);
    layer.style.clipPath = each === at + 1 ? `inset(0 ${100 - share}% 0 0)` : each === at ? `inset(0 0 0 ${share}%)` : "none";
  });
  byId("compare-stage").querySelector(".wipe-line").style.left = `${share}%`;
  sayWipe(at, share);
}

function sayWipe(at, share) {
  const stage = byId("compare-stage");
  const tag = (name, index, letter, hidden) => {
    const made = stage.querySelector(name);
    made.hidden = hidden;
    made.textContent = `${letter} · ${tiles[index].alt}`;
  };
  tag(".of-next", state.compare[at + 1], letterOf(at + 1), share === 0);
  tag(".of-this", state.compare[at], letterOf(at), share === 100);
  byId("wipe").setAttribute("aria-valuetext", share === 0 ? `${letterOf(at)} alone` : share === 100 ? `${letterOf(at + 1)} alone` : `${share} % of ${letterOf(at + 1)}, the rest ${letterOf(at)}`);
  byId("wipe-stops").querySelectorAll("button").forEach((stop) => stop.setAttribute("aria-pressed", String(Number(stop.dataset.value) === at * 100 + share)));
}

function dragWipe(share) {
  const at = Math.min(Math.floor(Number(byId("wipe").value) / 100), state.compare.length - 2);
  setWipe(at * 100 + Math.round(clamp(share, 0, 1) * 100));
}

const setUpWipe = () => byId("wipe").addEventListener("input", (event) => setWipe(Number(event.target.value)));
