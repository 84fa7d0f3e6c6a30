// The review's own tools, beside the others: what is not saved yet, undo, and a menu for the rest.
const marksWord = (count) => (count === 1 ? "1 mark" : `${count.toLocaleString("en")} marks`);

// Who is there only changes with everything.
function showReview(changed) {
  showUnsaved();
  if (changed === null) showPeople();
}

function showUnsaved() {
  const count = unsaved().length;
  const said = element("span", { className: "quiet", textContent: ` unsaved ${count === 1 ? "mark" : "marks"}` });
  byId("unsaved").replaceChildren(...(count === 0 ? [] : [count.toLocaleString("en"), said]));
  byId("save").disabled = toSave().length === 0;
  byId("save").classList.toggle("primary", count > 0);
  byId("undo").disabled = past.length === 0;
  byId("redo").disabled = future.length === 0;
  byId("review-name").textContent = marksBook.me || "not named yet";
  byId("rename").textContent = marksBook.me ? "Change name" : "Give a name";
}

function showPeople() {
  const others = reviewers().filter((name) => name !== marksBook.me);
  byId("people").hidden = others.length === 0;
  byId("people-list").replaceChildren(...others.map(makePerson));
}

function makePerson(name) {
  const count = [...marksBook.people.get(name).values()].filter(isMarked).length;
  const remove = element("button", { type: "button", className: "button small", textContent: "Remove", ariaLabel: `Remove ${name}’s marks from this sheet` });
  remove.addEventListener("click", () => {
    marksBook.people.delete(name);
    marksBook.saved.delete(name);
    seated.delete(name);
    keepOthers();
    tellMarks(null);
    toast(`${name}’s marks are no longer shown`);
    byId("import").focus();
  });
  return element("li", {}, element("span", { dir: "auto", textContent: name }), element("span", { className: "people-count", textContent: marksWord(count) }), remove);
}

// Under its button, and within the window.
function placeMenu() {
  const [menu, { bottom, right }] = [byId("review-menu"), byId("review-more").getBoundingClientRect()];
  menu.style.setProperty("top", `${Math.max(8, Math.min(bottom + 6, innerHeight - menu.offsetHeight - 8))}px`);
  menu.style.setProperty("left", `${Math.max(8, Math.min(right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8))}px`);
}

const fromMenu = (id, act) => byId(id).addEventListener("click", () => {
  byId("review-menu").hidePopover();
  act();
});

function setUpReviewBar() {
  const some = tiles.some((_, index) => hashOf(index));
  byId("review-slot").append(byId("review-template").content.cloneNode(true));
  byId("review-slot").hidden = !some;
  byId("undo").addEventListener("click", undo);
  byId("redo").addEventListener("click", redo);
  byId("save").addEventListener("click", savePicks);
  byId("review-menu").addEventListener("toggle", ({ newState }) => {
    byId("keys-on").checked = keysOn;
    byId("not-kept").hidden = draftKept && othersKept;
    byId("review-more").setAttribute("aria-expanded", String(newState === "open"));
    if (newState === "open") placeMenu();
  });
  fromMenu("start-blind", startBlind);
  fromMenu("show-result", () => showResult(null));
  fromMenu("import", () => byId("import-files").click());
  fromMenu("save-csv", saveCsv);
  fromMenu("rename", () => askName());
  fromMenu("show-keys", showKeys);
  byId("advance").checked = autoAdvance;
  byId("advance").addEventListener("change", ({ target }) => setAdvance(target.checked));
  byId("keys-on").addEventListener("change", ({ target }) => setKeys(target.checked));
  onMarks(showReview);
  showReview(null);
}

addEventListener("beforeunload", (event) => {
  if (unsaved().length === 0) return;
  event.preventDefault();
  // For browsers that only know the older way.
  event.returnValue = true;
});

atStart(() => {
  if (!readDraft()) toast("The draft of this browser could not be read.");
  setUpReviewBar();
  addEventListener("storage", ({ key, newValue }) => {
    if (key === draftKey && newValue) joinDraft(newValue);
  });
});
