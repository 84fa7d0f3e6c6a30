// Saving: picks.json for the next commands and the other reviewers, CSV for a spreadsheet; nothing leaves this computer.
function download(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = element("a", { href: address, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

// In the order of the sheet; an image that several tiles show is told once, by the first that is still wanted.
function shownImages() {
  const found = new Map();
  const add = (tile) => { if (tile.picture && !found.has(tile.picture.sha256)) found.set(tile.picture.sha256, shownOf({ ...tile, sha256: tile.picture.sha256 })); };
  tiles.filter((tile) => tile.wanted).forEach(add);
  tiles.forEach(add);
  for (const [sha256, shown] of marksBook.images) if (!found.has(sha256)) found.set(sha256, shown);
  return found;
}

const fileName = (name) => `picks-${name.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 60) || "reviewer"}`;

function savePicks() {
  if (!marksBook.me) return askName(savePicks);
  const marks = new Map(toSave());
  const shown = shownImages();
  const order = [...shown.keys(), ...marks.keys()];
  const marked = [...new Set(order)].filter((sha256) => marks.has(sha256)).map((sha256) => [shown.get(sha256) ?? { sha256 }, marks.get(sha256)]);
  const name = `${fileName(marksBook.me)}.json`;
  download(name, "application/json", picksJson(source.run, marksBook.me, new Date(), marked));
  noteSaved();
  toast(`${name}: ${marksWord(marked.length)}, in your downloads`);
  showSaved(name);
  return undefined;
}

// What comes next stays until it is closed: the reviewer is seldom the one who goes on.
function showSaved(name) {
  const command = `flux-batch picks merge ${name}`;
  const button = (properties, act, ...children) => {
    const made = element("button", { type: "button", className: "button", ...properties }, ...children);
    made.addEventListener("click", act);
    return made;
  };
  const said = element("p", {}, element("strong", { textContent: name, dir: "auto" }), " is in your downloads. Send this file to whoever runs the batch, who merges with ", element("code", { textContent: `${command} …` }));
  const copy = button({}, () => copyText(command, "Command copied"), icon("copy"), element("span", { textContent: "Copy command" }));
  const close = button({ className: "button icon-only", ariaLabel: "Close", title: "Close" }, () => {
    byId("saved").hidden = true;
    byId("save").focus();
  }, icon("close"));
  byId("saved").replaceChildren(said, copy, close);
  byId("saved").hidden = false;
}

// Everybody's marks, one line for each image and reviewer.
function saveCsv() {
  const shown = shownImages();
  const rows = [...shown].flatMap(([sha256, image]) => reviewsOf(sha256).map((review) => ({ ...review, shown: image })));
  if (rows.length === 0) return toast("There are no marks to save yet.");
  download(`${fileName(source.run)}.csv`, "text/csv;charset=utf-8", picksCsv(rows));
  return toast(`${fileName(source.run)}.csv: ${marksWord(rows.length)}, in your downloads`);
}

// Asked once, before the first file; afterwards a name is changed, or another person takes the seat.
function askName(then = () => {}) {
  const [dialog, field] = [byId("name-dialog"), byId("name-field")];
  const before = marksBook.me;
  Object.assign(field, { value: before, ariaInvalid: null });
  byId("name-kind").hidden = before === "";
  byId("name-rename").checked = true;
  const accept = () => {
    const name = tidyName(field.value);
    field.ariaInvalid = name ? null : "true";
    if (!name) return field.focus();
    dialog.close();
    const withMarks = before === "" || byId("name-rename").checked;
    if (!withMarks) forgetSteps();
    setReviewer(name, withMarks);
    return then();
  };
  byId("name-ok").onclick = accept;
  field.onkeydown = (event) => { if (event.key === "Enter" && !event.isComposing) accept(); };
  dialog.showModal();
  field.select();
}
