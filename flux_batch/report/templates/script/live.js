// While a run goes on, the page fills by itself. live.js in the run's folder is read again and again: it says how far the
// run is and how many parts live/ holds. A part is a list of tiles in the order in which they changed, and only the last
// one grows; so a reading costs the same however many images there are, and only tiles that changed are drawn again.
const liveEvery = 2500;
// Seconds without a word after which the page says so; the run writes at least every five.
const liveSilence = 20;

const live = { session: source?.live?.session, part: 1, taken: 0, heard: 0, heardAt: 0, reads: 0 };

// A classic script that sets one global; what it set, or undefined when it is not there.
function readScript(name, global) {
  return new Promise((done) => {
    const script = element("script", { src: `${name}?${(live.reads += 1)}` });
    script.onload = script.onerror = () => {
      script.remove();
      const found = globalThis[global];
      delete globalThis[global];
      done(found);
    };
    document.head.append(script);
  });
}

async function readLive() {
  const head = await readScript("live.js", "fluxBatchLive");
  if (head?.ended) return readLast();
  if (head && head.session !== live.session) return readAnew();
  if (head) await takeParts(head);
  showLive(head);
  setTimeout(readLive, liveEvery);
}

async function takeParts(head) {
  for (; live.part <= head.part; live.part += 1, live.taken = 0) {
    if (live.part === head.part && live.taken >= head.tiles) return;
    const part = await readScript(`live/${live.session}-${live.part}.js`, "fluxBatchPart");
    if (part?.session !== live.session) return;
    part.tiles.slice(live.taken).forEach(([index, tile]) => applyTilePatch(index, tile));
    live.taken = part.tiles.length;
    if (live.part === head.part) return;
  }
}

// What a reader could see of a tile.
const tileStamp = ({ picture, notice, cost, wanted, suspect, parent }) =>
  [picture?.sha256, picture?.thumb, notice?.word, notice?.reason, notice?.command, cost, wanted, suspect, parent].join("\n");

// The whole data once more; false when it shows other images, for which the page would have to be laid out anew.
async function takeWhole() {
  const fresh = await readScript("data.js", "fluxBatch");
  const rows = fresh?.tiles.map((row) => unpack(row, fresh)) ?? [];
  if (rows.length !== tiles.length || rows.some(({ id }, index) => id !== tiles[index].id)) return false;
  rows.forEach((tile, index) => { if (tileStamp(tile) !== tileStamp(tiles[index])) applyTilePatch(index, tile); });
  takeCredentials(fresh);
  live.session = fresh.live?.session;
  return true;
}

// The run is over, or was: its data is complete.
async function readLast() {
  if (!(await takeWhole())) return sayReload();
  if (live.session !== undefined) return setTimeout(readLive, liveEvery);
  const wanted = tiles.filter((tile) => tile.wanted);
  const stored = wanted.filter(({ picture }) => picture).length;
  showCounts({ stored });
  sayLive(`The run is over: ${stored} of ${wanted.length} images are here.`);
  toast("The run is over");
}

// Another process has begun with the same folder.
async function readAnew() {
  if (!(await takeWhole())) return sayReload();
  Object.assign(live, { part: 1, taken: 0 });
  setTimeout(readLive, liveEvery);
}

function sayReload() {
  const button = element("button", { type: "button", className: "button", textContent: "Show them" });
  button.addEventListener("click", () => location.reload());
  sayLive("This run now has other images.", button);
}

function showLive(head) {
  const now = Date.now() / 1000;
  const silent = heardOf(head, now);
  if (head) {
    showCounts(head);
    fillBars(head);
  }
  if (silent > liveSilence) {
    const at = new Date(live.heard * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const when = live.heard ? `Last heard of at ${at}. ` : "";
    return sayLive(`${when}The run may have been stopped; the same command goes on with it.`);
  }
  if (!head) return undefined;
  const left = head.left === null ? "" : `, about ${sayTime(head.left)} left`;
  return sayLive(`Running${left}`, element("progress", { max: head.tasks || 1, value: head.tasks - head.wait, ariaLabel: "Images that are done" }));
}

// Seconds of silence. By the clock of this page once something changed while it looked: the run's may go wrong.
function heardOf(head, now) {
  if (head && head.heard !== live.heard) {
    live.heardAt = live.heard === 0 ? Math.min(now, head.heard) : now;
    live.heard = head.heard;
  }
  if (live.heardAt === 0) live.heardAt = now;
  return now - live.heardAt;
}

const sayTime = (seconds) =>
  seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;

function sayLive(text, ...more) {
  byId("live-text").textContent = text;
  byId("live-more").replaceChildren(...more);
}

// The head of the page, the kinds to choose from, and how many of them are shown.
function showCounts({ stored, spent, money_note }) {
  const [images, money] = document.querySelectorAll(".stats dd > strong");
  images.textContent = String(stored);
  if (spent !== undefined) money.textContent = spent;
  if (money_note !== undefined) money.nextSibling.textContent = ` ${money_note}`;
  sayCount(shownOrder.length);
  if (!byId("show").contains(document.activeElement)) drawShow();
}

function fillBars({ progress, money }) {
  const [images, spent] = document.querySelectorAll(".stats .stat");
  fillBar(images, progress, true);
  if (money.length > 0) fillBar(spent, money, false);
}

function fillBar(stat, parts, legend) {
  const bar = stat.querySelector(".bar");
  if (!bar) return;
  const rects = parts.map(({ kind, start, width }) => {
    const rect = document.createElementNS(bar.namespaceURI, "rect");
    Object.entries({ class: `bar-${kind}`, x: `${start}%`, width: `${width}%`, height: "6" }).forEach(([name, value]) => rect.setAttribute(name, value));
    return rect;
  });
  bar.replaceChildren(...rects);
  stat.querySelector(".legend")?.remove();
  if (!legend || parts.length < 2) return;
  bar.after(element("span", { className: "legend" }, ...parts.map(({ kind, label }) => element("span", { className: `key key-${kind}`, textContent: label }))));
}

atStart(() => {
  if (live.session === undefined) return;
  const bar = element("section", { className: "live", ariaLabel: "Progress" });
  bar.append(element("p", { id: "live-text" }), element("span", { id: "live-more" }));
  byId("tools").before(bar);
  readLive();
});
