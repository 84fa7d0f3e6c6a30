// Every word must occur somewhere in an image's prompt, values, id or trouble.
const plainText = /^[\x20-\x7e\n]*$/;
const fold = (text) => (plainText.test(text) ? text : text.normalize("NFKD").replace(/\p{M}/gu, "")).toLowerCase();

// Folding is slow and most texts are shared, so each is folded once, and only when somebody searches.
const folded = new Map();
const foldOnce = (text) => {
  if (!folded.has(text)) folded.set(text, fold(text));
  return folded.get(text);
};

const haystacks = [];
function haystack(index) {
  if (haystacks[index] === undefined) {
    const tile = tiles[index];
    const texts = [tile.id, tile.prompt, tile.model, tile.size, ...Object.values(tile.place), tile.notice?.word, tile.notice?.code, tile.notice?.reason, tile.suspect];
    haystacks[index] = texts.filter(Boolean).map(foldOnce).join("\n");
  }
  return haystacks[index];
}

const forgetText = (index) => { haystacks[index] = undefined; };

// While the reader looks at the first images, the rest is made ready for the first search.
function prepareSearch(from = 0) {
  const until = performance.now() + 8;
  let at = from;
  for (; at < tiles.length && performance.now() < until; at += 1) haystack(at);
  if (at < tiles.length) setTimeout(() => prepareSearch(at), 16);
}

function matches(query) {
  const words = fold(query).split(/\s+/).filter(Boolean);
  return words.length === 0 ? () => true : (index) => words.every((word) => haystack(index).includes(word));
}

// The indexes to show, in the order of the spec.
function visible(tabs = state.tabs) {
  const found = matches(state.query);
  const chosen = Object.entries(tabs).filter(([, label]) => label !== null);
  const hidden = Object.entries(state.hidden).map(([axis, labels]) => [axis, new Set(labels)]);
  const { holds } = kinds[state.show];
  const pass = passes();
  const shown = (tile, index) =>
    holds(tile) &&
    chosen.every(([axis, label]) => labelOf(tile, axis) === label) &&
    hidden.every(([axis, labels]) => !labels.has(labelOf(tile, axis))) &&
    pass(tile, index) &&
    found(index);
  const indexes = [];
  tiles.forEach((tile, index) => { if (shown(tile, index)) indexes.push(index); });
  return indexes;
}
