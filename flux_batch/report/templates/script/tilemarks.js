// What a tile shows of the marks: one's own in words and signs, everybody else's by their initials. The controls come
// to the tile that the pointer or the focus is on: ten thousand tiles need only one set.
const initials = (name) => {
  const words = name.split(" ");
  const letters = words.length > 1 ? [words[0], words.at(-1)].map((word) => [...word][0]) : [...name].slice(0, 2);
  return letters.join("").toUpperCase();
};

const sayMarkOf = ({ flag, rating, note }) =>
  [flag && flagWords[flag].toLowerCase(), rating === null ? "" : starWord(rating), note && "a note"].filter(Boolean).join(", ");

const accordWords = { all: "all agree", most: "most agree", split: "split", one: "", none: "" };

function makeMarks(tile, index) {
  const sha256 = hashOf(index);
  // Its room is kept, so that neither a mark nor a picture that arrives moves what is below.
  if (!sha256) return element("div", { className: "marks" });
  knowHash(index);
  const own = markOf(sha256);
  const others = othersOn(sha256);
  const made = element("div", { className: `marks ${own.flag ? `is-${own.flag}` : ""}` });
  if (isMarked(own)) made.append(makeOwnMark(own));
  made.append(...others.slice(0, 6).map(makeInitials));
  if (others.length > 6) made.append(element("span", { className: "more-marks", textContent: `+${others.length - 6}` }));
  const word = accordWords[accord(reviewsOf(sha256))];
  if (word) made.append(element("span", { className: `accord accord-${accord(reviewsOf(sha256))}`, textContent: word }));
  return made;
}

function makeOwnMark(own) {
  const made = element("span", { className: "own-mark" }, element("span", { className: "quiet", textContent: `You: ${sayMarkOf(own)}` }));
  const signs = element("span", { className: "signs", ariaHidden: "true" });
  if (own.flag) signs.append(element("span", { className: `sign sign-${own.flag}` }, icon(own.flag === "pick" ? "check" : "cross")));
  if (own.rating !== null) signs.append(element("span", { className: "sign-stars", textContent: `${"★".repeat(own.rating)}${"☆".repeat(5 - own.rating)}` }));
  if (own.note) signs.append(element("span", { className: "sign" }, icon("note")));
  made.append(signs);
  return made;
}

function makeInitials(review) {
  const said = `${review.reviewer}: ${sayMarkOf(review)}`;
  const sign = { pick: "✓", reject: "✗" }[review.flag] ?? (review.rating === null ? "" : `${review.rating}★`);
  return element(
    "span",
    { className: `initials ${review.flag ? `by-${review.flag}` : ""}`, title: said },
    element("span", { ariaHidden: "true", textContent: `${initials(review.reviewer)}${sign && ` ${sign}`}` }),
    element("span", { className: "quiet", textContent: said }),
  );
}

// Where nothing hovers, the controls are always there.
const noHover = matchMedia("(hover: none)");
const makeTouchJudge = (tile, index) => (noHover.matches && hashOf(index) ? makeJudge(index, "touch", false) : null);

// The controls are made when the reader comes, and made anew where a mark changed while they are there.
function bringJudge(event) {
  if (noHover.matches) return;
  const figure = event.target.closest?.(".tile[data-index]");
  if (!figure || figure.querySelector(".judge") || !hashOf(Number(figure.dataset.index))) return;
  document.querySelectorAll(".tile > .frame > .judge").forEach((judge) => {
    if (!judge.closest(".tile").matches(":hover, :focus-within")) judge.remove();
  });
  figure.querySelector(".frame").append(makeTileJudge(figure, Number(figure.dataset.index)));
}

// A narrow picture has no room for stars; keys and the large view give them.
const starsNeed = 140;
function makeTileJudge(figure, index) {
  const made = makeJudge(index, "tile", false);
  made.classList.toggle("slim", figure.clientWidth < starsNeed);
  return made;
}

function renewJudge(figure, index) {
  const judge = figure.querySelector(".frame > .judge");
  if (!judge) return;
  const part = judge.contains(document.activeElement) ? document.activeElement.dataset.part : null;
  const made = makeTileJudge(figure, index);
  judge.replaceWith(made);
  if (part) made.querySelector(`[data-part="${part}"]`)?.focus();
}

addTilePart(makeMarks);
addTilePart(makeTouchJudge);
atStart(() => {
  for (const type of ["pointerover", "focusin"]) byId("images").addEventListener(type, bringJudge);
  onMarks((changed) => {
    document.querySelectorAll(".tile > .frame > .judge").forEach((judge) => {
      const figure = judge.closest(".tile");
      const index = Number(figure.dataset.index);
      if (changed === null || changed.includes(hashOf(index))) renewJudge(figure, index);
    });
  });
});
