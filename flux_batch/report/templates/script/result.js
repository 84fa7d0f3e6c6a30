// Which value of which axis wins, as bars and as a table in one: the pick rate, and the range in which the true one lies.
const percent = (share) => `${Math.round(100 * share)} %`;
const valuesShown = 12;

// undefined where nobody said a word on the image.
const flagsOf = {
  blind: (sha256) => { const mark = myMarks().get(sha256); return mark?.blind && isMarked(mark) ? mark.flag : undefined; },
  mine: (sha256) => { const mark = myMarks().get(sha256); return mark && (isMarked(mark) || mySaved().has(sha256)) ? mark.flag : undefined; },
  all: (sha256) => ([...marksBook.people.values()].some((marks) => marks.has(sha256)) ? majority(reviewsOf(sha256)) : undefined),
};
const basisWords = { blind: "My marks, judged blind", mine: "All my marks", all: "Everybody’s, by majority" };

// Only bases that differ are worth a choice.
function bases() {
  const mine = [...myMarks().values()].filter(isMarked);
  const judgedBlind = mine.filter((mark) => mark.blind);
  return [
    ...(judgedBlind.length > 0 && judgedBlind.length < mine.length ? ["blind"] : []),
    "mine",
    ...(reviewers().some((name) => name !== marksBook.me) ? ["all"] : []),
  ];
}

let resultBasis = "mine";

// Of a blind review, where nothing else is counted.
const isOfBlind = () => resultBasis === "blind" || (resultBasis === "mine" && [...myMarks().values()].filter(isMarked).every((each) => each.blind) && [...myMarks().values()].some(isMarked));

function showResult(wish) {
  const offered = bases();
  const known = wish ?? resultBasis;
  resultBasis = offered.includes(known) ? known : known === "blind" ? "mine" : offered.at(-1);
  drawResult(offered);
  const heading = byId("result-title");
  heading.focus({ preventScroll: true });
  measureTools();
  byId("result").scrollIntoView({ block: "start" });
}

function drawResult(offered = bases()) {
  const counted = tally(tiles, flagsOf[resultBasis]);
  const close = element("button", { type: "button", className: "button", id: "close-result" }, icon("close"), element("span", { textContent: "Close" }));
  close.addEventListener("click", () => {
    closeResult();
    byId("review-more").focus();
  });
  const head = element("div", { className: "result-head" }, element("h2", { id: "result-title", tabIndex: -1, textContent: isOfBlind() ? "Result of the blind review" : "Which wins?" }), ...makeBasis(offered), close);
  const judged = element("p", { className: "result-of", textContent: sayTally(counted) });
  const body = counted.picked === 0 ? [] : [...makeFew(counted), element("div", { className: "contests" }, ...winnersFirst(counted.contests).map(makeContest)), makeCaution()];
  const made = element("section", { className: "result", id: "result" }, head, judged, ...body);
  // Drawn anew while it is being read: the focus stays where it was.
  const focused = byId("result")?.contains(document.activeElement) ? document.activeElement.id || "basis" : null;
  made.setAttribute("aria-labelledby", "result-title");
  byId("winners-slot").replaceChildren(made);
  byId("winners-slot").hidden = false;
  if (focused !== null) (focused === "basis" ? made.querySelector("input:checked") : byId(focused))?.focus({ preventScroll: true });
}

function closeResult() {
  byId("winners-slot").replaceChildren();
  byId("winners-slot").hidden = true;
}

function makeBasis(offered) {
  if (offered.length < 2) return [];
  const options = offered.map((basis) => [basisWords[basis], basis]);
  return [makeSegments("Of", options, resultBasis, (basis) => {
    resultBasis = basis;
    drawResult();
  })];
}

function sayTally({ picked, seen, decided, contests: found }) {
  if (picked === 0) return "No image is picked yet, so nothing wins.";
  const of = decided ? "images that were picked or rejected" : "stored images, for nothing was rejected";
  const said = `${picked.toLocaleString("en")} picked of ${seen.toLocaleString("en")} ${of}.`;
  return found.length === 0 ? `${said} All of them have the same values: there is nothing to compare.` : said;
}

const winnersFirst = (found) => [...found.filter(({ winner }) => winner !== null), ...found.filter(({ winner }) => winner === null)];

function makeContest(found) {
  const { axis, rates, winner } = found;
  const verdict = verdictOf(found, (label) => sayLabel(axis, label));
  const title = element("h3", { dir: "auto" }, element("span", { className: "contest-axis", textContent: `${axisTitle(axis)}: ` }), verdict);
  const table = element("table", { className: "rates" });
  table.append(element("caption", { className: "quiet", textContent: `Pick rate by ${axisTitle(axis)}` }));
  const head = table.createTHead().insertRow();
  head.append(...["Value", "Picked", "Rate", "95 % interval"].map((text) => element("th", { scope: "col", textContent: text })));
  const body = table.createTBody();
  body.append(...rates.slice(0, valuesShown).map((rate) => makeRate(axis, rate, rate.label === winner)));
  const rest = rates.length > valuesShown ? [element("p", { className: "result-of", textContent: `and ${rates.length - valuesShown} more values` })] : [];
  return element("div", { className: winner === null ? "contest" : "contest has-winner" }, title, table, ...rest);
}

function makeRate(axis, rate, wins) {
  const { label, picked, seen, low, high } = rate;
  const interval = element("td", { className: "interval" }, makeInterval(rate), element("span", { className: "interval-text", textContent: `${percent(low)} to ${percent(high)}` }));
  return element(
    "tr",
    { className: wins ? "wins" : "" },
    element("th", { scope: "row", dir: "auto", textContent: sayLabel(axis, label) }),
    element("td", { textContent: `${picked} of ${seen}` }),
    element("td", { className: "rate", textContent: percent(rate.rate) }),
    interval,
  );
}

// 0 to 100 % from left to right: a pale bar for the interval, a line for the rate itself.
function makeInterval({ rate, low, high }) {
  const share = (value) => `${(100 * value).toFixed(2)}%`;
  const made = byId("interval-template").content.firstElementChild.cloneNode(true);
  const set = (name, attributes) => Object.entries(attributes).forEach((pair) => made.querySelector(name).setAttribute(...pair));
  set(".interval-range", { x: share(low), width: share(high - low) });
  set(".interval-rate", { x1: share(rate), x2: share(rate) });
  return made;
}

// Once, above the tables.
function makeFew({ contests: found }) {
  const rates = found.flatMap((each) => each.rates);
  if (!rates.some(({ seen }) => seen < fewImages)) return [];
  const whose = rates.every(({ seen }) => seen < fewImages) ? "Every value" : "Some values";
  const text = `${whose} ${whose === "Every value" ? "has" : "have"} fewer than ${fewImages} images: there the rate says little.`;
  return [element("p", { className: "few", textContent: text })];
}

const makeCaution = () => element("p", {
  className: "caution",
  textContent: "The interval holds the true rate 19 times of 20. A value wins only when its interval lies above all others. Values of other axes are mixed in: a difference may be theirs.",
});

// A little later, so that keys stay quick.
let resultTimer = 0;
onMarks(() => {
  clearTimeout(resultTimer);
  resultTimer = setTimeout(() => { if (byId("result") && !blind.on) drawResult(); }, 150);
});
