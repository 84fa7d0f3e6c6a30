// Every word must occur somewhere in an image's prompt, values, id or trouble.
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

const haystacks = tiles.map((tile) =>
  fold(
    [tile.id, tile.prompt, tile.model, tile.size, ...Object.values(tile.place), tile.notice?.word, tile.notice?.code, tile.notice?.reason, tile.suspect]
      .filter(Boolean)
      .join("\n"),
  ),
);

function matches(query) {
  const words = fold(query).split(/\s+/).filter(Boolean);
  return (index) => words.every((word) => haystacks[index].includes(word));
}

// The indexes to show, in the order of the spec.
function visible(tabs = state.tabs) {
  const found = matches(state.query);
  const chosen = Object.entries(tabs).filter(([, label]) => label !== null);
  const holds = kinds[state.show].holds;
  return tiles.flatMap((tile, index) =>
    holds(tile) && chosen.every(([axis, label]) => labelOf(tile, axis) === label) && found(index) ? [index] : [],
  );
}
