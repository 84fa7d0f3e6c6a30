// Judging in the lightbox: flags, stars, a note, and what the others said.
function makePanelJudge(tile, index) {
  const sha256 = hashOf(index);
  if (!sha256) return null;
  const made = element("section", { className: "panel-judge", ariaLabel: "Your judgement" });
  made.append(makeJudge(index, "panel", true), makeNote(index), ...makeOthers(sha256));
  return made;
}

// Kept when the reader leaves the field: half a sentence is no note yet.
function makeNote(index) {
  const sha256 = hashOf(index);
  const field = element("textarea", { className: "note", rows: 2, maxLength: picksTextMax, value: markOf(sha256).note, placeholder: "Write a note", dir: "auto" });
  field.dataset.part = "panel-note";
  const keepNote = () => setNoteOf(sha256, index, wellFormed(field.value));
  field.addEventListener("change", keepNote);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    // Out of the field, not out of the lightbox.
    event.preventDefault();
    event.stopPropagation();
    field.closest(".panel-judge").querySelector(".flag").focus();
  });
  return element("label", { className: "note-label" }, element("span", { textContent: "Note" }), field);
}

// The lightbox may have gone on to another image before the field lets go.
function setNoteOf(sha256, index, note) {
  if (hashOf(index) === sha256) setNote(index, note);
}

function makeOthers(sha256) {
  const others = othersOn(sha256);
  if (others.length === 0) return [];
  const list = element("ul", { className: "others" });
  list.append(...others.map((review) => {
    const line = element("li", { dir: "auto" }, element("strong", { textContent: review.reviewer }), ` ${sayMarkOf({ ...review, note: "" }) || "no mark"}`);
    if (review.note) line.append(element("p", { className: "other-note", textContent: review.note }));
    return line;
  }));
  const word = accordWords[accord(reviewsOf(sha256))];
  return [element("h3", { textContent: word ? `Others: ${word}` : "Others" }), list];
}

addPanelPart(makePanelJudge);
