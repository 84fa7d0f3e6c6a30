// The draft: the marks of a run in this browser, one's own in one place and everybody else's in another, so that a
// mark costs no more when others have judged, too. Where the browser keeps nothing, marks live as long as the page.
const draftKey = `flux-batch-marks:${source?.run ?? ""}`;
const othersKey = `flux-batch-others:${source?.run ?? ""}`;
const nameKey = "flux-batch-reviewer";
const draftDelay = 200;
let draftKept = true;
let othersKept = true;
let draftTimer = 0;
// Who judged here, and not in a file alone.
const seated = new Set();

const asLists = (map) => [...map].map(([sha256, { flag, rating, note, made, blind }]) => [sha256, flag, rating, note, made, blind ? 1 : 0]);
// Any page from a file may have written here, so it is read like a file.
const asMarks = (lists) => new Map(lists.map(([sha256, flag, rating, note, made, blind]) => [String(sha256), { ...markIn({ flag, rating, note }, ""), made: String(made), ...(blind ? { blind: true } : {}) }]));
const peopleOf = (names) => names.filter((name) => marksBook.people.has(name)).map((name) => [name, asLists(marksBook.people.get(name)), [...(marksBook.saved.get(name) ?? [])]]);

// Soon, not at once: a reviewer in a hurry marks faster than a browser writes.
function keepDraft() {
  draftTimer ||= setTimeout(writeDraft, draftDelay);
}

function writeDraft() {
  clearTimeout(draftTimer);
  draftTimer = 0;
  seated.add(marksBook.me);
  draftKept = keep(draftKey, JSON.stringify({ format: 1, me: marksBook.me, people: peopleOf([...seated]) })) && keep(nameKey, marksBook.me);
}

// After a file was read, or somebody was removed.
function keepOthers() {
  const names = [...marksBook.people.keys()].filter((name) => !seated.has(name) && name !== marksBook.me);
  othersKept = keep(othersKey, JSON.stringify({ format: 1, people: peopleOf(names), images: [...marksBook.images] }));
  writeDraft();
}

// What cannot be read is worth a word, but it must not keep the page from opening.
function readDraft() {
  draftKept = keep(nameKey, kept(nameKey) ?? "");
  marksBook.me = tidyName(kept(nameKey) ?? "");
  try {
    const draft = JSON.parse(kept(draftKey) ?? '{"format":1,"people":[]}');
    const others = JSON.parse(kept(othersKey) ?? '{"format":1,"people":[],"images":[]}');
    if (draft.format !== 1 || others.format !== 1) return false;
    const people = [...others.people, ...draft.people].map(([name, lists, saved]) => [name, asMarks(lists), new Map(saved)]);
    marksBook.images = new Map(others.images);
    for (const [name, marks, saved] of people) {
      marksBook.people.set(name, marks);
      marksBook.saved.set(name, saved);
    }
    draft.people.forEach(([name]) => seated.add(name));
    marksBook.me = draft.me ?? marksBook.me;
    return true;
  } catch {
    return false;
  }
}

// Two windows with one sheet: of two words of one reviewer on one image the later counts, in both.
function joinDraft(text) {
  const changed = new Set();
  let lacking = false;
  for (const [reviewer, lists] of JSON.parse(text).people) {
    const here = within(marksBook.people, reviewer);
    const there = asMarks(lists);
    for (const [sha256, mark] of there) {
      if (here.has(sha256) && here.get(sha256).made >= mark.made) continue;
      here.set(sha256, mark);
      changed.add(sha256);
    }
    lacking ||= [...here].some(([sha256, { made }]) => !(there.get(sha256)?.made >= made));
  }
  if (lacking) keepDraft();
  tellMarks([...changed]);
}

// A page that goes away has no time for later.
addEventListener("pagehide", () => { if (draftTimer) writeDraft(); });
document.addEventListener("visibilitychange", () => { if (draftTimer && document.hidden) writeDraft(); });
