// Reading picks files of others, and one's own from another day. Nothing of one's own is replaced without a question.
async function importFiles(list) {
  // Of a run that goes on, images may have come that are not drawn yet.
  tiles.forEach((_, index) => knowHash(index));
  const outcomes = [];
  for (const file of list) outcomes.push(await importFile(file));
  keepOthers();
  tellMarks(null);
  showImport(outcomes.filter(Boolean));
}

async function importFile(file) {
  try {
    if (file.size > picksBytesMax) refusePicks("", "it is larger than 64 MiB; a picks file is never that large");
    const read = readPicks(await utf8(file));
    refuseOtherRun(read);
    return takeIn(file.name, read);
  } catch (error) {
    if (!(error instanceof PicksError)) return { name: file.name, refused: `it cannot be read: ${error.message}` };
    return { name: file.name, refused: error.message };
  }
}

async function utf8(file) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    return refusePicks("", "this is not UTF-8 text, or it cannot be read");
  }
}

function refuseOtherRun({ run, images }) {
  if (run === source.run || images.length === 0 || images.some(({ sha256 }) => indexesOf.has(sha256))) return;
  refusePicks("", `it is about the run “${run.slice(0, 80)}”, this sheet shows “${source.run}”, and no image is in both`);
}

// Others' words come in at once, the later of two; one's own only where there was none, the rest is asked about.
function takeIn(name, { images, words }) {
  const strangers = images.filter(({ sha256 }) => !indexesOf.has(sha256));
  for (const shown of strangers) marksBook.images.set(shown.sha256, shown);
  const conflicts = [];
  const counts = new Map();
  for (const { sha256, reviewer, ...mark } of words) {
    const mine = marksBook.me !== "" && reviewer === marksBook.me;
    const marks = within(marksBook.people, reviewer);
    const before = marks.get(sha256);
    if (mine && before && sayMark(before) !== sayMark(mark)) conflicts.push([sha256, mark]);
    else if (!before || before.made <= mark.made) marks.set(sha256, before && sayMark(before) === sayMark(mark) ? before : mark);
    if (mine) mySaved().set(sha256, sayMark(mark));
    if (isMarked(mark)) counts.set(reviewer, (counts.get(reviewer) ?? 0) + 1);
  }
  return { name, counts, strangers: strangers.length, conflicts };
}

function showImport(outcomes) {
  byId("import-list").replaceChildren(...outcomes.map(makeOutcome));
  const conflicts = outcomes.flatMap((outcome) => outcome.conflicts ?? []);
  byId("conflict").hidden = conflicts.length === 0;
  byId("conflict-text").textContent = `The files hold ${marksWord(conflicts.length)} under your name that ${conflicts.length === 1 ? "differs" : "differ"} from what you marked here.`;
  byId("import-done").textContent = conflicts.length === 0 ? "OK" : "Keep mine";
  byId("take-theirs").onclick = () => {
    byId("import-dialog").close();
    doMarks({ label: "Took the marks of a file", index: -1 }, conflicts);
    toast(`${marksWord(conflicts.length)} taken from the file; undo brings yours back`);
  };
  byId("import-dialog").showModal();
}

function makeOutcome({ name, refused, counts, strangers }) {
  const made = element("li", { className: refused ? "refused" : "" }, element("strong", { textContent: name, dir: "auto" }));
  if (refused) {
    made.append(element("p", { textContent: `Not read: ${refused}`, dir: "auto" }));
    return made;
  }
  const said = [...counts].map(([reviewer, count]) => `${marksWord(count)} by ${reviewer}`);
  made.append(element("p", { textContent: said.join(", ") || "No marks in it", dir: "auto" }));
  const [count, whose] = strangers === 1 ? ["1 image is", "Its"] : [`${strangers.toLocaleString("en")} images are`, "Their"];
  if (strangers > 0) made.append(element("p", { textContent: `${count} not in this sheet. ${whose} marks are kept.` }));
  return made;
}

function setUpImport() {
  byId("import-files").addEventListener("change", ({ target }) => {
    const list = [...target.files];
    target.value = "";
    if (list.length > 0) importFiles(list);
  });
  // Files only: a text that is dragged within the page is none of ours.
  const brings = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const lit = (on) => document.body.classList.toggle("dropping", on);
  addEventListener("dragover", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    lit(true);
  });
  addEventListener("dragleave", (event) => { if (event.relatedTarget === null) lit(false); });
  addEventListener("drop", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    lit(false);
    importFiles([...event.dataTransfer.files]);
  });
}

atStart(setUpImport);
