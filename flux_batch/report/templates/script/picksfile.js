// picks.json and its CSV as text. schemas/picks.schema.json says what a picks file is; reading is as strict as the
// command line's, because a mark that is lost is work that is lost.
const picksTextMax = 20000;
const picksMax = 100000;
const picksBytesMax = 64 * 1024 * 1024;

// What the sheet knows of an image; a text longer than a picks file may hold is left out.
function shownOf(tile) {
  const fits = ([, text]) => text !== undefined && [...text].length <= picksTextMax;
  const texts = Object.entries({ id: tile.id, key: tile.key, prompt: tile.prompt, model: tile.model, size: tile.size });
  return { sha256: tile.sha256, ...Object.fromEntries(texts.filter(fits)), axes: Object.fromEntries(Object.entries(tile.place).filter(fits)) };
}

const secondsOnly = (moment) => `${moment.toISOString().slice(0, 19)}Z`;

// ``marked`` is [what is known of the image, its mark] in the order of the sheet.
function picksJson(run, reviewer, made, marked) {
  const picks = marked.map(([{ axes = {}, ...shown }, { flag, rating, note }]) => ({ ...shown, flag, rating, note, axes }));
  return `${JSON.stringify({ format: 1, run, reviewer, made: secondsOnly(made), picks }, null, 1)}\n`;
}

// A cell that no spreadsheet takes for a formula: one that begins like it gets an apostrophe in front.
const guarded = (cell) => (/^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(cell) ? `'${cell}` : cell);
const csvCell = (cell) => {
  if (typeof cell === "number") return String(cell);
  const text = guarded((cell ?? "").replaceAll("\0", "\ufffd"));
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

// One line for each image and reviewer, with a mark in front by which Excel knows UTF-8.
function picksCsv(rows) {
  const names = [...new Set(rows.flatMap(({ shown }) => Object.keys(shown.axes ?? {})))];
  const head = ["reviewer", "flag", "rating", "note", "id", ...names.map((name) => `axis ${name}`), "model", "size", "prompt", "sha256"];
  const lines = rows.map(({ reviewer, flag, rating, note, shown }) => [
    reviewer, flag, rating, note, shown.id, ...names.map((name) => shown.axes?.[name]), shown.model, shown.size, shown.prompt, shown.sha256,
  ]);
  return `\ufeff${[head, ...lines].map((line) => line.map(csvCell).join(",")).join("\r\n")}\r\n`;
}

// What is wrong with a file, for a person.
class PicksError extends Error {}
const refusePicks = (where, what) => {
  throw new PicksError(where ? `${where}: ${what}` : what);
};

// A file's text → run, time, the words in it and what it says of the images.
function readPicks(text) {
  const top = asGroup(parsedPicks(text), "");
  if (!("format" in top)) refusePicks("", "it has no “format”, so it is no picks file");
  if (top.format !== 1) refusePicks("", `its format is ${saidValue(top.format)}, this sheet reads format 1`);
  const made = momentIn(top, "");
  const reviewer = nameIn(top, "reviewer", "");
  const run = nameIn(top, "run", "");
  if (!Array.isArray(top.picks)) refusePicks("", "it has no list of “picks”");
  if (top.picks.length > picksMax) refusePicks("", `it has ${top.picks.length} picks; at most ${picksMax} are read`);
  const judged = top.picks.map((pick, at) => judgedIn(pick, at + 1, reviewer, made));
  refuseTwins(judged);
  return { run, reviewer, made, images: judged.map(({ shown }) => shown), words: judged.flatMap(({ words }) => words) };
}

function parsedPicks(text) {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    return refusePicks("", `this is not JSON: ${error.message}`);
  }
}

function judgedIn(value, number, reviewer, made) {
  const pick = asGroup(value, `pick ${number}`);
  const where = `pick ${number}${typeof pick.id === "string" && pick.id ? ` (${pick.id.slice(0, 24)})` : ""}`;
  if (typeof pick.sha256 !== "string" || !/^[0-9a-f]{64}$/.test(pick.sha256)) refusePicks(where, "“sha256”, which says which image is meant, must be 64 digits 0-9 a-f");
  const shown = { sha256: pick.sha256, axes: axesIn(pick, where) };
  for (const name of ["id", "key", "prompt", "model", "size"]) shown[name] = textIn(pick, name, where);
  const word = (group, place, by, at) => ({ sha256: pick.sha256, reviewer: by, made: at, ...markIn(group, place) });
  const own = word(pick, where, reviewer, made);
  if (pick.reviews === undefined || pick.reviews === null) return { shown, words: [own] };
  if (!Array.isArray(pick.reviews)) refusePicks(where, `“reviews” must be a list, not ${saidValue(pick.reviews)}`);
  const words = pick.reviews.map((review, at) => {
    const place = `${where}, review ${at + 1}`;
    const group = asGroup(review, place);
    return word(group, place, nameIn(group, "reviewer", place), momentIn(group, place));
  });
  return { shown, words };
}

function markIn(group, where) {
  const { flag = null, rating = null } = group;
  if (flag !== "pick" && flag !== "reject" && flag !== null) refusePicks(where, `“flag” is "pick", "reject" or null, not ${saidValue(flag)}`);
  if (rating !== null && !(Number.isInteger(rating) && rating >= 0 && rating <= 5)) refusePicks(where, `“rating” is a whole number from 0 to 5, or null, not ${saidValue(rating)}`);
  return { flag, rating, note: textIn(group, "note", where) };
}

function axesIn(pick, where) {
  const axes = asGroup(pick.axes === undefined ? {} : pick.axes, `${where}, “axes”`);
  return Object.fromEntries(Object.entries(axes).map(([name, label]) => [soundText(name, "axes", where), soundText(label, `axes.${name}`, where)]));
}

function nameIn(group, name, where) {
  const found = textIn(group, name, where).replace(/[\s\x1c-\x1f\x85]+/g, " ").trim();
  return found || refusePicks(where, `“${name}” is missing or empty`);
}

const textIn = (group, name, where) => soundText(group[name] === undefined ? "" : group[name], name, where);

function soundText(value, name, where) {
  if (typeof value !== "string") refusePicks(where, `“${name.slice(0, 40)}” must be text, not ${saidValue(value)}`);
  if (value.length > picksTextMax && [...value].length > picksTextMax) refusePicks(where, `“${name.slice(0, 40)}” is longer than ${picksTextMax} characters`);
  if (wellFormed(value) !== value) refusePicks(where, `“${name.slice(0, 40)}” holds half a character`);
  return value;
}

function momentIn(group, where) {
  const said = textIn(group, "made", where);
  const found = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(said) ? new Date(said.replace(" ", "T")) : null;
  if (!found || Number.isNaN(found.getTime())) refusePicks(where, `“made” must be a time like 2026-11-24T09:30:00Z, not ${saidValue(said)}`);
  return found.toISOString();
}

function asGroup(value, where) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) refusePicks(where, `it must be a group of names and values, not ${saidValue(value)}`);
  return value;
}

function refuseTwins(judged) {
  const first = new Map();
  judged.forEach(({ shown }, at) => {
    if (first.has(shown.sha256)) refusePicks(`pick ${at + 1}`, `it is about the same image as pick ${first.get(shown.sha256) + 1} (${shown.sha256.slice(0, 12)}…)`);
    first.set(shown.sha256, at);
  });
}

function saidValue(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a group";
  const text = String(value);
  return typeof value === "string" ? `“${text.length > 40 ? `${text.slice(0, 40)}…` : text}”` : text;
}
