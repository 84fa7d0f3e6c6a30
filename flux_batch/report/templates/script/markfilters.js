// Filters by mark: whose marks, which flag, how many stars, and where reviewers disagree.
const anyone = "*";
const whose = () => state.filters.by?.name ?? marksBook.me;

// The marks that a flag or a number of stars is asked of.
function askedMarks(sha256) {
  if (whose() === anyone) return reviewsOf(sha256);
  const mark = marksBook.people.get(whose())?.get(sha256);
  return mark ? [mark] : [];
}

const ofPictures = (holds) => (tile) => {
  const sha256 = tile.picture?.sha256;
  return Boolean(sha256) && holds(sha256);
};

const flagFilters = { pick: "Picked", reject: "Rejected", none: "No flag" };
const flagHolds = {
  pick: (marks) => marks.some(({ flag }) => flag === "pick"),
  reject: (marks) => marks.some(({ flag }) => flag === "reject"),
  none: (marks) => marks.every(({ flag }) => flag === null),
};

// "3" is exactly three, "3+" three or more, "none" not rated.
const starFilters = ["5", "4+", "3+", "2+", "1+", "4", "3", "2", "1", "none"];
const sayStars = (value) => (value === "none" ? "Unrated" : value.endsWith("+") ? `${value[0]} stars or more` : starWord(Number(value)));
const rated = (marks) => marks.map(({ rating }) => rating).filter((rating) => rating !== null);
function starsHold(value, marks) {
  if (value === "none") return rated(marks).length === 0;
  const asked = Number(value[0]);
  return rated(marks).some((rating) => (value.endsWith("+") ? rating >= asked : rating === asked));
}

const accordFilters = { apart: "Disagree", together: "Agree", alone: "One vote only" };
const accordHolds = { apart: ["split", "most"], together: ["all"], alone: ["one"] };

const choice = (values) => ({
  read: ([text]) => (Object.hasOwn(values, text) ? text : undefined),
  write: (value) => [value],
  say: (value) => values[value],
});

// A menu whose first entry asks for nothing; options are [value, text].
function makeFilterMenu(title, name, options, find = (value) => value) {
  const select = element("select");
  const fill = (list) => select.replaceChildren(...[["", "any"], ...list].map(([value, text]) => element("option", { value, textContent: text })));
  fill(options());
  select.addEventListener("change", () => setFilter(name, find(select.value) || undefined));
  return { select, label: element("label", { className: "pick" }, `${title} `, select), refill: () => fill(options()) };
}

// One group for all four; the first filter brings it.
const menus = {};
function menuFor(title, name, options, find, sayValue = (value) => value) {
  menus[name] = () => makeFilterMenu(title, name, options, find);
  return {
    make: () => (name === "flag" ? makeMarkFilters() : null),
    sync: (value) => { menus[name].select.value = value === undefined ? "" : sayValue(value); },
  };
}

function makeMarkFilters() {
  for (const name of Object.keys(menus)) menus[name] = menus[name]();
  const list = element("div", { className: "mark-filters" }, ...Object.values(menus).map(({ label }) => label));
  return element("fieldset", { className: "boxes" }, element("legend", { textContent: "Marks" }), list);
}

addFilter({
  name: "flag",
  ...choice(flagFilters),
  holds: (value) => ofPictures((sha256) => flagHolds[value](askedMarks(sha256))),
  ...menuFor("Flag", "flag", () => Object.entries(flagFilters)),
});
addFilter({
  name: "stars",
  read: ([text]) => (starFilters.includes(text) ? text : undefined),
  write: (value) => [value],
  say: sayStars,
  holds: (value) => ofPictures((sha256) => starsHold(value, askedMarks(sha256))),
  ...menuFor("Stars", "stars", () => starFilters.map((value) => [value, sayStars(value)])),
});
addFilter({
  name: "by",
  // A name in the address may be one that this browser has no marks of yet.
  read: ([text]) => (text ? { name: text.slice(0, 200) } : undefined),
  write: ({ name }) => [name],
  say: ({ name }) => (name === anyone ? "Marked by anyone" : `Marked by ${name}`),
  holds: () => ofPictures((sha256) => askedMarks(sha256).some(isMarked) || "flag" in state.filters || "stars" in state.filters),
  ...menuFor("By", "by", () => [[anyone, "anyone"], ...reviewers().map((name) => [name, name || "you"])], (value) => value && { name: value }, ({ name }) => name),
});
addFilter({
  name: "votes",
  ...choice(accordFilters),
  holds: (value) => ofPictures((sha256) => accordHolds[value].includes(accord(reviewsOf(sha256)))),
  ...menuFor("Votes", "votes", () => Object.entries(accordFilters)),
});

onMarks((changed) => {
  if (changed !== null || !menus.by.refill) return;
  menus.by.refill();
  menus.by.select.value = state.filters.by?.name ?? "";
});
