// Marking an image: what every key and every button does. Which image is meant depends on where the reader is.
const advanceKey = "flux-batch-advance";
let autoAdvance = false;

const hashOf = (index) => tiles[index]?.picture?.sha256 ?? "";
// Content hash → the tiles that show it.
const indexesOf = new Map();
function knowHash(index) {
  const sha256 = hashOf(index);
  if (sha256 && !indexesOf.get(sha256)?.includes(index)) indexesOf.set(sha256, [...(indexesOf.get(sha256) ?? []), index]);
}

// Which image is meant, and how to go on: the blind review has ways of its own.
const stages = [];
const addStage = (stage) => stages.unshift(stage);
const stageNow = () => stages.find(({ open }) => open());
addStage({ open: () => true, index: () => meantIndex(), next: (index) => { if (!byId("compare-box").open) moveFocus(1, 0, index); }, name: (index) => tiles[index].alt });

const markable = () => {
  const index = stageNow().index();
  return index >= 0 && hashOf(index) ? index : -1;
};

const flagWords = { pick: "Picked", reject: "Rejected", null: "No flag" };
const starWord = (rating) => (rating === null ? "No stars" : rating === 1 ? "1 star" : `${rating} stars`);
const nameNow = (index) => stageNow().name(index);

// In the blind review one's marks in sight are out of sight: controls show, and keys go on from, what was marked blind.
const shownMark = (sha256) => {
  const known = markOf(sha256);
  return stageNow().blind && !known.blind ? { ...noMark, note: known.note } : known;
};

function mark(index, patch, said) {
  const sha256 = hashOf(index);
  const { flag, rating, note } = { ...shownMark(sha256), ...patch };
  const isBlind = Boolean(stageNow().blind);
  doMarks({ label: said, index, isBlind }, [[sha256, isBlind ? blindMark(sha256, { flag, rating, note }) : { flag, rating, note }]]);
  toast(`${said}: ${nameNow(index)}`);
}

const setFlag = (index, flag) => mark(index, { flag }, flagWords[flag]);
const setStars = (index, rating) => mark(index, { rating }, starWord(rating));
const setNote = (index, note) => {
  if (markOf(hashOf(index)).note !== note) mark(index, { note }, note ? "Noted" : "Note removed");
};

// With the keys only: who uses a button may have more to say about the same image.
function byKey(act) {
  const index = markable();
  if (index < 0) return stageNow().index() < 0 ? noImage() : toast("There is no picture to judge yet");
  act(index);
  if (autoAdvance) stageNow().next(index);
  return undefined;
}

function setAdvance(on) {
  autoAdvance = on;
  keep(advanceKey, on ? "on" : "off");
}

function goBack(step, word, none) {
  if (!step) return toast(none);
  const { label, index } = step.label;
  return toast(`${word}: ${label.charAt(0).toLowerCase()}${label.slice(1)}, ${index >= 0 ? nameNow(index) : marksWord(step.changes.length)}`);
}
// Within the blind review only its own steps: others would tell which image it was.
const steps = (list) => list.length > 0 && (!stageNow().blind || list.at(-1).label.isBlind);
const undo = () => goBack(steps(past) && undoMarks(), "Undone", "Nothing to undo");
const redo = () => goBack(steps(future) && redoMarks(), "Done again", "Nothing to do again");

const judging = { group: "Judge", blind: true, when: () => !document.querySelector(".sheet-dialog[open]") };
addCommand({ ...judging, keys: ["P"], title: "Pick", run: () => byKey((index) => setFlag(index, "pick")) });
addCommand({ ...judging, keys: ["X"], title: "Reject", run: () => byKey((index) => setFlag(index, "reject")) });
addCommand({ ...judging, keys: ["U"], title: "Take the flag away", run: () => byKey((index) => setFlag(index, null)) });
addCommand({ ...judging, keys: ["1", "2", "3", "4", "5"], title: "Give stars", run: (event) => byKey((index) => setStars(index, Number(keyName(event)))) });
addCommand({ ...judging, keys: ["0"], title: "Take the stars away", run: () => byKey((index) => setStars(index, null)) });
addCommand({ group: "Judge", blind: true, keys: ["Mod+Z"], title: "Undo", run: undo });
addCommand({ group: "Judge", blind: true, keys: ["Mod+Shift+Z", "Mod+Y"], title: "Do again", run: redo });

// Of ten thousand tiles only those that are drawn have anything to bring up to date.
const drawnIndexes = () =>
  new Set([...[...byId("view").querySelectorAll(".tile[data-index]")].map((figure) => Number(figure.dataset.index)), boxIndex, ...state.compare].filter((index) => index >= 0));

atStart(() => {
  autoAdvance = kept(advanceKey) === "on";
  tiles.forEach((_, index) => knowHash(index));
  onMarks((changed) => {
    const indexes = changed === null ? drawnIndexes() : changed.flatMap((sha256) => indexesOf.get(sha256) ?? []);
    indexes.forEach(refreshTile);
  });
});
