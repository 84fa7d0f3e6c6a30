// The blind review: a page of its own, made of numbers and pictures only, so that nothing can leak. Everything else is
// out of sight, and out of the address, until it is left.
const blind = { on: false, order: [], drawn: 0, at: -1, title: "", inSight: new Map() };
const blindName = (index) => `Image ${blind.order.indexOf(index) + 1}`;

// Wanted images with a picture, each file once.
function blindImages() {
  const met = new Set();
  return tiles.flatMap((tile, index) => {
    const sha256 = hashOf(index);
    if (!tile.wanted || !sha256 || met.has(sha256)) return [];
    met.add(sha256);
    return [index];
  });
}

function startBlind() {
  if (blind.on) return;
  document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  closeResult();
  const order = shuffled(blindImages(), blindSeed());
  Object.assign(blind, { on: true, order, at: order[0] ?? -1, title: document.title, inSight: new Map() });
  toast("");
  addressHeld = true;
  history.replaceState(null, "", "#blind");
  document.title = "Blind review";
  document.body.classList.add("is-blind");
  openBlind();
  fitBlind();
  blind.drawn = 0;
  growBlind(blindStepSize);
  showBlindCount();
  scrollTo(0, 0);
  (blindTile(blind.at)?.querySelector(".open") ?? byId("blind-title")).focus({ preventScroll: true });
}

// A blind word takes the place of one in sight; where it is taken back, that one is there again.
function blindMark(sha256, after) {
  const before = markOf(sha256);
  if (isMarked(before) && !before.blind) blind.inSight.set(sha256, before);
  const known = blind.inSight.get(sha256);
  return known && after.flag === null && after.rating === null ? known : { ...after, blind: true };
}

// One height for all, so that none looks better for being larger: the widest one must fit.
function fitBlind() {
  const widest = blind.order.reduce((most, index) => Math.max(most, ratioOf(tiles[index])), 0.3);
  byId("blind-flow").style.setProperty("--h", `${Math.floor(Math.min(220, byId("blind-flow").clientWidth / widest))}px`);
}

// Whoever leaves early keeps the marks, and can come back to the same order.
function quitBlind() {
  leaveBlind();
  byId("review-more").focus();
  toast("Left the blind review; its marks are kept");
}

function finishBlind() {
  leaveBlind();
  showResult("blind");
}

function leaveBlind() {
  byId("blind-box").close();
  blind.on = false;
  byId("blind-page").hidden = true;
  blindWatch.disconnect();
  byId("blind-page").replaceChildren();
  document.body.classList.remove("is-blind");
  document.title = blind.title;
  addressHeld = false;
  change({});
  showReview(null);
  toast("");
}

// A few hundred at a time: more as the reader comes to the end of what is drawn.
const blindStepSize = 240;
const blindWatch = new IntersectionObserver((entries) => {
  if (blind.on && entries.some(({ isIntersecting }) => isIntersecting)) growBlind(blind.drawn + blindStepSize);
}, { rootMargin: "1500px" });

function growBlind(upTo) {
  const until = Math.min(upTo, blind.order.length);
  byId("blind-flow").append(...blind.order.slice(blind.drawn, until).map((index, at) => makeBlindTile(index, blind.drawn + at)));
  blind.drawn = Math.max(blind.drawn, until);
  // Watched anew, because it may still be near.
  blindWatch.unobserve(byId("blind-end"));
  if (until < blind.order.length) blindWatch.observe(byId("blind-end"));
}

function makeBlindTile(index, at) {
  const { picture } = tiles[index];
  const figure = element("figure", { className: "tile blind-tile" });
  figure.dataset.index = String(index);
  figure.style.setProperty("--ratio", ratioOf(tiles[index]).toFixed(4));
  const image = element("img", { className: "picture", alt: `Image ${at + 1}`, width: picture.thumb_width, height: picture.thumb_height, loading: "lazy", decoding: "async", draggable: false });
  image.src = picture.thumb;
  const open = element("button", { type: "button", className: "open" }, image);
  open.addEventListener("click", () => openBlindBox(index));
  open.addEventListener("focus", () => { blind.at = index; });
  const caption = element("figcaption", {}, element("span", { className: "values", textContent: String(at + 1), ariaHidden: "true" }), element("div", { className: "parts" }));
  figure.append(element("div", { className: "frame" }, open), caption);
  fillBlindTile(figure, index);
  return figure;
}

function fillBlindTile(figure, index) {
  const own = { ...shownMark(hashOf(index)), note: "" };
  const marks = element("div", { className: `marks ${own.flag ? `is-${own.flag}` : ""}` }, ...(isMarked(own) ? [makeOwnMark(own)] : []));
  figure.querySelector(".parts").replaceChildren(marks, ...(noHover.matches ? [makeJudge(index, "touch", false)] : []));
}

const blindTile = (index) => byId("blind-flow").querySelector(`[data-index="${index}"]`);

function showBlindCount() {
  const done = blind.order.filter((index) => { const { flag, rating } = shownMark(hashOf(index)); return flag !== null || rating !== null; }).length;
  byId("blind-count").textContent = `${done.toLocaleString("en")} of ${blind.order.length.toLocaleString("en")} judged`;
  byId("blind-undo").disabled = !steps(past);
  byId("blind-redo").disabled = !steps(future);
}

function focusBlind(index) {
  if (blind.order.indexOf(index) >= blind.drawn) growBlind(blind.order.indexOf(index) + blindStepSize);
  const figure = blindTile(index);
  if (!figure) return;
  blind.at = index;
  if (byId("blind-box").open) showInBlindBox(index);
  else figure.querySelector(".open").focus();
}

const blindStep = (by) => focusBlind(blind.order[blind.order.indexOf(blind.at) + by]);

// Up and down: the nearest picture of the next line.
function blindLine(by) {
  const here = blindTile(blind.at)?.getBoundingClientRect();
  if (!here) return focusBlind(blind.order[0]);
  const drawn = blind.order.slice(0, blind.drawn);
  const order = by > 0 ? drawn : drawn.reverse();
  const after = order.slice(order.indexOf(blind.at) + 1);
  let line = null;
  let best = null;
  for (const index of after) {
    const { left, top, width } = blindTile(index).getBoundingClientRect();
    if (Math.abs(top - here.top) < 4) continue;
    line ??= top;
    if (Math.abs(top - line) >= 4) break;
    const far = Math.abs(left + width / 2 - here.left - here.width / 2);
    if (!best || far < best.far) best = { index, far };
  }
  return best ? focusBlind(best.index) : undefined;
}

function openBlind() {
  byId("blind-page").replaceChildren(byId("blind-template").content.cloneNode(true));
  byId("blind-page").hidden = false;
  byId("blind-finish").addEventListener("click", finishBlind);
  byId("blind-leave").addEventListener("click", quitBlind);
  byId("blind-undo").addEventListener("click", undo);
  byId("blind-redo").addEventListener("click", redo);
  byId("blind-keys").addEventListener("click", showKeys);
}

function setUpBlind() {
  for (const type of ["pointerover", "focusin"]) byId("blind-page").addEventListener(type, bringJudge);
  addEventListener("resize", () => { if (blind.on) fitBlind(); });
  onMarks((changed) => {
    if (!blind.on) return;
    for (const figure of byId("blind-flow").children) {
      const index = Number(figure.dataset.index);
      if (changed === null || changed.includes(hashOf(index))) fillBlindTile(figure, index);
    }
    if (byId("blind-box").open) renewBlindPanel(blind.at);
    showBlindCount();
  });
}

addStage({ blind: true, open: () => blind.on, index: () => blindFocus(), next: (index) => focusBlind(blind.order[blind.order.indexOf(index) + 1]), name: blindName });

// The image in the large view, or the one whose tile has the focus, or the one under the pointer.
function blindFocus() {
  if (byId("blind-box").open) return blind.at;
  const figure = document.activeElement?.closest(".blind-tile");
  return figure ? Number(figure.dataset.index) : underPointer(".blind-tile");
}

const whileBlind = { group: "Go", blind: "only", when: () => blind.on };
commandAllowed = (command) => (blind.on ? Boolean(command.blind) : command.blind !== "only");
addCommand({ ...whileBlind, keys: ["ArrowRight"], title: "Next image", run: () => blindStep(1) });
addCommand({ ...whileBlind, keys: ["ArrowLeft"], title: "Previous image", run: () => blindStep(-1) });
addCommand({ ...whileBlind, keys: ["ArrowDown"], title: "The line below", run: () => blindLine(1), when: () => blind.on && !byId("blind-box").open });
addCommand({ ...whileBlind, keys: ["ArrowUp"], title: "The line above", run: () => blindLine(-1), when: () => blind.on && !byId("blind-box").open });
addCommand({ ...whileBlind, keys: ["Escape"], title: "Leave; the marks stay", run: quitBlind, when: () => blind.on && !document.querySelector("dialog[open]") });
// A link to this sheet may ask for it; another address must not show anything while it goes on.
addEventListener("hashchange", (event) => {
  if (!blind.on && location.hash !== "#blind") return;
  event.stopImmediatePropagation();
  if (blind.on) history.replaceState(null, "", "#blind");
  else startBlind();
});

atStart(() => {
  setUpBlind();
  if (location.hash === "#blind") queueMicrotask(startBlind);
});
