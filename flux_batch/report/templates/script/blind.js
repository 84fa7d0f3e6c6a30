// A seeded shuffle: the same order for one session, another one for the next.
function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function shuffled(values, seed) {
  const random = randomNumbers(seed);
  const order = [...values];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

const blindSeedKey = "flux-batch-blind";

// Where the browser keeps nothing, the order lasts as long as the page.
function blindSeed() {
  const fresh = crypto.getRandomValues(new Uint32Array(1))[0];
  try {
    const before = sessionStorage.getItem(blindSeedKey);
    if (before === null) sessionStorage.setItem(blindSeedKey, String(fresh));
    return before === null ? fresh : Number(before);
  } catch {
    return fresh;
  }
}
