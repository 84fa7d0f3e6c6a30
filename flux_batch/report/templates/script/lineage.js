// Where an image comes from and what was made of it; and why it is what it is.
function ancestors(index) {
  const chain = [index];
  for (let parent = tiles[index].parent; parent !== undefined && !chain.includes(parent); parent = tiles[parent].parent) chain.unshift(parent);
  return chain;
}

function showLineage(index) {
  const chain = ancestors(index);
  const { edits } = tiles[index];
  byId("lineage").hidden = chain.length === 1 && edits.length === 0;
  byId("chain").hidden = byId("chain-title").hidden = chain.length === 1;
  byId("chain").replaceChildren(...chain.map((each, at) => element("li", {}, makeRelative(each, at === 0 ? "Start" : `Edit ${at}`, each === index))));
  byId("edits").hidden = byId("edits-title").hidden = edits.length === 0;
  byId("edits").replaceChildren(...edits.map((each) => element("li", {}, makeRelative(each, "", false))));
  byId("chain-wipe").hidden = chain.filter((each) => tiles[each].picture).length < 2;
}

function makeRelative(index, step, current) {
  const { picture, alt, notice } = tiles[index];
  const inside = picture
    ? element("img", { src: picture.thumb, width: picture.thumb_width, height: picture.thumb_height, alt })
    : element("span", { className: "text", textContent: `${alt} (${notice.word})` });
  const button = element("button", { type: "button", title: alt }, inside);
  if (step) button.append(element("span", { className: "step", textContent: step }));
  if (current) button.setAttribute("aria-current", "true");
  button.addEventListener("click", () => showInBox(index));
  return button;
}

// The command that tells template, values and the line of the spec.
function showWhy(tile) {
  byId("why-part").hidden = !source.run || !tile.line;
  byId("why-line").textContent = source.spec && tile.line ? `${source.spec}, line ${tile.line}` : "";
  byId("why").textContent = `flux-batch why ${quoteWord(source.run ?? "")} ${quoteWord(tile.id)}`;
}

// As a shell takes it for one word.
const quoteWord = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`);

function setUpLineage() {
  byId("chain-wipe").addEventListener("click", () => {
    openCompare(ancestors(boxIndex).filter((index) => tiles[index].picture).slice(-8), "wipe");
  });
}
