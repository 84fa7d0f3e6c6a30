// Small helpers that several parts use, and the start.
let toastTimer = 0;

function toast(text) {
  byId("toast").textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { byId("toast").textContent = ""; }, 1800);
}

async function copyPrompt(tile) {
  try {
    await navigator.clipboard.writeText(tile.prompt);
    toast("Prompt copied");
  } catch {
    toast("This browser does not let a page from a file copy. Select the prompt instead.");
  }
}

async function printSheet() {
  // Pictures further down are not loaded yet, and paper does not scroll.
  const pictures = [...document.querySelectorAll(".view img[loading=lazy]:not([hidden])")];
  pictures.forEach((image) => { image.loading = "eager"; });
  await Promise.allSettled(pictures.map((image) => image.decode()));
  print();
}

byId("actions").hidden = false;
byId("print").addEventListener("click", printSheet);
setUpTheme();
setUpToolbar();
setUpBox();
setUpView();
