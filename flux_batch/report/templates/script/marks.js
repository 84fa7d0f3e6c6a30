// What reviewers marked, by reviewer and content hash. One's own marks are a draft, kept in this browser where it
// allows that; others' words come from their picks files.
const noMark = Object.freeze({ flag: null, rating: null, note: "" });
const marksBook = {
  me: "", // whose marks are made here; "" until a name was given
  people: new Map(), // reviewer → content hash → { flag, rating, note, made }
  saved: new Map(), // reviewer → content hash → what a file has of it, as text
  images: new Map(), // content hash → what a file says of an image that is not in this sheet
};
const marksListeners = [];
const onMarks = (listener) => marksListeners.push(listener);
// With the hashes that changed; null is everything.
const tellMarks = (changed) => marksListeners.forEach((listener) => listener(changed));

const within = (map, key) => {
  if (!map.has(key)) map.set(key, new Map());
  return map.get(key);
};
const myMarks = () => within(marksBook.people, marksBook.me);
const mySaved = () => within(marksBook.saved, marksBook.me);
const markOf = (sha256) => myMarks().get(sha256) ?? noMark;
const sayMark = ({ flag, rating, note }) => `${flag} ${rating} ${note}`;
const isMarked = ({ flag, rating, note }) => flag !== null || rating !== null || note !== "";

// Everybody's word on an image, in the order of their names; a mark that was taken back is no word.
function reviewsOf(sha256) {
  const found = [];
  for (const [reviewer, marks] of marksBook.people) {
    const mark = marks.get(sha256);
    if (mark && isMarked(mark)) found.push({ reviewer, ...mark });
  }
  return found.sort((one, other) => compareNames(one.reviewer, other.reviewer));
}

const othersOn = (sha256) => reviewsOf(sha256).filter(({ reviewer }) => reviewer !== marksBook.me);
const compareNames = (one, other) => one.toLowerCase().localeCompare(other.toLowerCase()) || one.localeCompare(other);
const reviewers = () =>
  [...marksBook.people].filter(([, marks]) => [...marks.values()].some(isMarked)).map(([name]) => name).sort(compareNames);

// The majority of picks and rejects; a tie is no decision.
function majority(reviews) {
  const votes = reviews.reduce((sum, { flag }) => sum + (flag === "pick" ? 1 : flag === "reject" ? -1 : 0), 0);
  return votes > 0 ? "pick" : votes < 0 ? "reject" : null;
}

// How far they agree, in the words of `flux-batch picks merge`; only a pick or a reject is a vote.
function accord(reviews) {
  const picks = reviews.filter(({ flag }) => flag === "pick").length;
  const rejects = reviews.filter(({ flag }) => flag === "reject").length;
  if (picks + rejects < 2) return picks + rejects ? "one" : "none";
  if (!picks || !rejects) return "all";
  return picks === rejects ? "split" : "most";
}

// Marks that no file has yet; one that was made and taken back is none.
const unsaved = () => [...myMarks()].filter(([sha256, mark]) => sayMark(mark) !== (mySaved().get(sha256) ?? sayMark(noMark)));

// null takes a mark away altogether, as if it had never been made.
function putMarks(changes) {
  for (const [sha256, mark] of changes) {
    if (mark === null) myMarks().delete(sha256);
    else myMarks().set(sha256, { ...mark, made: new Date().toISOString() });
  }
  keepDraft();
  tellMarks(changes.map(([sha256]) => sha256));
}

// What a picks file lists: all that is marked, and what was taken back since a file had it.
const toSave = () => [...myMarks()].filter(([sha256, mark]) => isMarked(mark) || mySaved().has(sha256));

function noteSaved() {
  for (const [sha256, mark] of toSave()) mySaved().set(sha256, sayMark(mark));
  keepDraft();
  tellMarks([]);
}

// Spaces and control characters as one space: the name must be the same text in every file.
const tidyName = (name) => wellFormed(name).replace(/[\s\p{Cc}]+/gu, " ").trim().slice(0, 200).trim();
// Half a character, as a cut may leave it, is no text that a file can hold.
const wellFormed = (text) => text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");

// The marks made so far go with the name (a person was renamed), or stay with the old one (another person sits here).
function setReviewer(name, withMarks) {
  const before = marksBook.me;
  if (name === before) return;
  if (withMarks) {
    const [marks, saved] = [myMarks(), mySaved()];
    marksBook.people.delete(before);
    marksBook.saved.delete(before);
    marksBook.me = name;
    for (const [sha256, mark] of marks) myMarks().set(sha256, mark);
    // A file under the old name does not hold them under the new one.
    if (before === "") for (const [sha256, said] of saved) mySaved().set(sha256, said);
  }
  marksBook.me = name;
  keepOthers();
  tellMarks(null);
}
