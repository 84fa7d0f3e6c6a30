// Which value of an axis wins: the same counting, interval and rules as `flux-batch picks show`.
const fewImages = 10;
const normal95 = 1.959963984540054;

// The 95 % score interval (Wilson) for a share; it stays within 0 and 1, and is wide where little was seen.
function wilson(picked, seen) {
  const share = picked / seen;
  const square = normal95 * normal95;
  const middle = (share + square / (2 * seen)) / (1 + square / seen);
  const reach = (normal95 / (1 + square / seen)) * Math.sqrt((share * (1 - share)) / seen + square / (4 * seen * seen));
  return [Math.max(0, middle - reach), Math.min(1, middle + reach)];
}

// Tiles and the flag of each content hash (undefined where nobody said a word) → counts and contests. Rejects make it
// picks of what was decided; where nobody rejected anything, it is picks of all stored images.
function tally(all, flagOf) {
  const stored = storedOnce(all);
  const meant = new Map();
  for (const tile of [...stored].sort((one, other) => other.wanted - one.wanted)) if (!meant.has(contentOf(tile))) meant.set(contentOf(tile), tile);
  const flags = stored
    .map((tile) => ({ tile, flag: meant.get(contentOf(tile)) === tile ? flagOf(contentOf(tile)) : undefined }))
    .filter(({ tile, flag }) => tile.wanted || flag !== undefined);
  const decided = flags.some(({ flag }) => flag === "reject");
  const judged = decided ? flags.filter(({ flag }) => flag === "pick" || flag === "reject") : flags;
  return { decided, seen: judged.length, picked: judged.filter(({ flag }) => flag === "pick").length, contests: contests(judged) };
}

// A file that several tiles show was bought once and counts once.
function storedOnce(all) {
  const first = new Map();
  for (const tile of all) if (tile.picture && !first.has(tile.picture.name)) first.set(tile.picture.name, tile);
  return [...first.values()];
}

const contentOf = (tile) => tile.picture.sha256;

// Every axis of which at least two values were judged, in the order of the spec.
function contests(judged) {
  const counts = new Map();
  for (const { tile, flag } of judged) {
    for (const [axis, label] of Object.entries(tile.place)) {
      if (!counts.has(axis)) counts.set(axis, new Map());
      const rate = counts.get(axis).get(label) ?? { label, picked: 0, seen: 0 };
      counts.get(axis).set(label, { label, picked: rate.picked + (flag === "pick"), seen: rate.seen + 1 });
    }
  }
  return [...counts].filter(([, labels]) => labels.size > 1).map(([axis, labels]) => contest(axis, [...labels.values()]));
}

function contest(axis, counted) {
  const rates = counted.map(rateOf).sort((one, other) => other.rate - one.rate || other.seen - one.seen);
  const [first, ...others] = rates;
  return { axis, rates, winner: others.every((other) => first.low > other.high) ? first.label : null };
}

function rateOf({ label, picked, seen }) {
  const [low, high] = wilson(picked, seen);
  return { label, picked, seen, rate: picked / seen, low, high };
}

// Said with care: with few images even a clear lead is only a lead.
function verdictOf({ winner, rates }, say = (label) => label) {
  if (winner === null) return "no clear winner";
  return rates.some(({ seen }) => seen < fewImages) ? `${say(winner)} is ahead, of few images` : `${say(winner)} wins`;
}
