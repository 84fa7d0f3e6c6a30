// Small helpers that several parts use, and the start.
let toastTimer = 0;

function toast(text) {
  // In a dialog the page below is inert, so the word is said inside.
  const dialog = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  if (byId("toast").parentElement !== dialog) dialog.append(byId("toast"));
  byId("toast").textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { byId("toast").textContent = ""; }, 1800);
}

async function copyText(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    toast("This browser does not let a page from a file copy. Select the text instead.");
  }
}

// What the address asks to be open; it may change while the page stands, by hand or by the browser's buttons.
function openFromState() {
  const { open, compare, mode } = state;
  drawTray();
  if (open >= 0) openBox(open);
  else if (byId("box").open) byId("box").close();
  if (mode && compare.length > 1) openCompare(compare, mode);
  else if (byId("compare-box").open) byId("compare-box").close();
}

function followAddress() {
  if (location.hash === sayState()) return;
  Object.assign(state, readState());
  listeners.forEach((listener) => listener());
  openFromState();
}

Object.assign(state, readState());
byId("actions").hidden = false;
setUpTheme();
setUpPrint();
setUpTiles();
setUpBox();
setUpLineage();
setUpCompare();
starters.forEach((start) => start());
setUpToolbar();
setUpView();
openFromState();
addEventListener("hashchange", followAddress);
setTimeout(prepareSearch, 200);
