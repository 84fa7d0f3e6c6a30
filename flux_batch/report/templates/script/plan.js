// A plan has other kinds of images than a run: what is to buy, and what is there.
const isWord = (word) => (tile) => tile.notice?.word === word;
for (const kind of Object.keys(kinds)) if (kind !== "all") delete kinds[kind];
Object.assign(kinds, {
  new: { title: "To buy", holds: isWord("To buy") },
  finish: { title: "To finish", holds: isWord("To finish") },
  stored: { title: "Already stored", holds: (tile) => Boolean(tile.picture) || isWord("Already stored")(tile) },
  failed: { title: "Failed before", holds: isWord("Failed before") },
  repeated: { title: "Same as another", holds: isWord("Same as another") },
});
// What the address asks for was read before these kinds were known.
state.show = readState().show;
