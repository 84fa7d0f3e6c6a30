// One image large in the blind review: its number, the picture, and the controls.
let blindZoom = null;

function openBlindBox(index) {
  byId("blind-box").showModal();
  showInBlindBox(index);
}

function showInBlindBox(index) {
  blind.at = index;
  const at = blind.order.indexOf(index);
  blindZoom.set([showImage(byId("blind-image"), tiles[index].picture, blindName(index))]);
  byId("blind-position").textContent = `${blindName(index)} of ${blind.order.length}`;
  byId("blind-previous").disabled = at === 0;
  byId("blind-next").disabled = at === blind.order.length - 1;
  renewBlindPanel(index);
}

function renewBlindPanel(index) {
  const holder = byId("blind-panel");
  const part = holder.contains(document.activeElement) ? document.activeElement.dataset.part : null;
  holder.replaceChildren(makeJudge(index, "blind", true));
  if (part) holder.querySelector(`[data-part="${part}"]`)?.focus();
}

function setUpBlindBox() {
  byId("blind-previous").addEventListener("click", () => blindStep(-1));
  byId("blind-next").addEventListener("click", () => blindStep(1));
  byId("blind-close").addEventListener("click", () => byId("blind-box").close());
  blindZoom = makeZoom(byId("blind-stage"), { swiped: blindStep });
  byId("blind-zoom").append(makeZoomTools(blindZoom));
  byId("blind-box").addEventListener("close", () => { if (blind.on) blindTile(blind.at)?.querySelector(".open").focus(); });
}

const lookBlind = { ...whileBlind, group: "Look", title: "Look closely; again for the actual size", run: zoomBlind };
addCommand({ ...lookBlind, keys: ["Z"], when: () => blind.on && blindFocus() >= 0 });
addCommand({ ...lookBlind, keys: ["Space", "Enter"], when: () => blind.on && (byId("blind-box").open || Boolean(document.activeElement?.closest(".blind-tile"))) });

function zoomBlind() {
  if (byId("blind-box").open) blindZoom.toggle();
  else openBlindBox(blindFocus());
}
const whileBlindLarge = { ...whileBlind, group: "Look", when: () => blind.on && byId("blind-box").open };
addCommand({ ...whileBlindLarge, keys: ["+", "="], hint: ["+"], title: "Larger", run: () => blindZoom.by(1.25) });
addCommand({ ...whileBlindLarge, keys: ["-", "_"], hint: ["-"], title: "Smaller", run: () => blindZoom.by(0.8) });

atStart(setUpBlindBox);
