// Undo and redo. A step is what it is called and, for each image, its mark before and after; null is no mark at all.
const historyMax = 1000;
const past = [];
const future = [];

// Does it, and remembers it; a step that changes nothing is none.
function doMarks(label, wanted) {
  const changes = wanted
    .map(([sha256, after]) => [sha256, myMarks().get(sha256) ?? null, after])
    .filter(([, before, after]) => sayMark(before ?? noMark) !== sayMark(after) || before?.blind !== after.blind);
  if (changes.length === 0) return false;
  past.push({ label, changes });
  if (past.length > historyMax) past.shift();
  future.length = 0;
  putMarks(changes.map(([sha256, , after]) => [sha256, after]));
  return true;
}

function undoMarks() {
  const step = past.pop();
  if (!step) return null;
  future.push(step);
  putMarks(step.changes.map(([sha256, before]) => [sha256, before]));
  return step;
}

function redoMarks() {
  const step = future.pop();
  if (!step) return null;
  past.push(step);
  putMarks(step.changes.map(([sha256, , after]) => [sha256, after]));
  return step;
}

// Another reviewer's steps are not one's own to undo.
function forgetSteps() {
  past.length = 0;
  future.length = 0;
}
