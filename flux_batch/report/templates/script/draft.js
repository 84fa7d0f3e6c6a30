// The draft: the marks of a run in this browser. A browser may refuse to keep anything for a page from a file, or be
// full; then the marks live as long as the page, and that is said.
const draftKey = `flux-batch-marks:${source?.run ?? ""}`;
const nameKey = "flux-batch-reviewer";
let draftKept = true;

const asLists = (map) => [...map].map(([name, inner]) => [name, [...inner]]);
const asMaps = (lists) => new Map(lists.map(([name, inner]) => [name, new Map(inner)]));

function keepDraft() {
  const { me, people, saved, images } = marksBook;
  const text = JSON.stringify({ format: 1, me, people: asLists(people), saved: asLists(saved), images: [...images] });
  draftKept = keep(draftKey, text) && keep(nameKey, me);
}

// A draft that cannot be read is worth a word, but it must not keep the page from opening.
function readDraft() {
  draftKept = keep(nameKey, kept(nameKey) ?? "");
  const text = kept(draftKey);
  marksBook.me = tidyName(kept(nameKey) ?? "");
  if (text === null) return true;
  try {
    const { format, me, people, saved, images } = JSON.parse(text);
    if (format !== 1) return false;
    Object.assign(marksBook, { me, people: asMaps(people), saved: asMaps(saved), images: new Map(images) });
    return true;
  } catch {
    return false;
  }
}

// Two windows with one sheet: of two words of one reviewer on one image the later counts, in both.
function joinDrafts(text) {
  const other = asMaps(JSON.parse(text).people);
  const changed = new Set();
  for (const [reviewer, marks] of other) {
    const here = within(marksBook.people, reviewer);
    for (const [sha256, mark] of marks) {
      if (here.has(sha256) && here.get(sha256).made >= mark.made) continue;
      here.set(sha256, mark);
      changed.add(sha256);
    }
  }
  tellMarks([...changed]);
}
