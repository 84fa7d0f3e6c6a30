// What differs in words: each image's prompt against the first one's, and the facts that are not the same for all.
function makeTexts(indexes) {
  const first = tiles[indexes[0]];
  return [
    element("div", { className: "texts", tabIndex: 0, role: "region", ariaLabel: "Differences in text" },
      ...indexes.map((index, at) => makeText(tiles[index], at, first)), makeDifferences(indexes)),
  ];
}

function makeText(tile, at, first) {
  const said = at === 0 ? [tile.prompt] : sayDifference(first.prompt, tile.prompt);
  const { picture, alt } = tile;
  return element("article", { className: "text-card" },
    element("img", { src: picture.thumb, width: picture.thumb_width, height: picture.thumb_height, alt: "" }),
    element("div", {},
      element("h3", { dir: "auto", textContent: `${letterOf(at)} · ${alt}` }),
      element("p", { className: "prompt", dir: "auto" }, ...said),
      ...(at > 0 && tile.prompt === first.prompt ? [element("p", { className: "same", textContent: "The same prompt as A" })] : [])));
}

const pieces = (text) => text.split(/(\s+)/).filter(Boolean);

// The longest common run of words stays; what is only here is inserted, what is only there is deleted.
function sayDifference(before, after) {
  if (before === after) return [after];
  const [old, fresh] = [pieces(before), pieces(after)];
  if (old.length * fresh.length > 4_000_000) return [element("del", { textContent: before }), " ", element("ins", { textContent: after })];
  const found = [{ keep: "", del: "", ins: "" }];
  const change = (kind, text) => { found.at(-1)[kind] += text; };
  const keep = (text) => {
    const last = found.at(-1);
    // A space between two changes belongs to both: phrases are exchanged, not single words.
    if (last.del || last.ins) found.push({ keep: text, del: "", ins: "" });
    else last.keep += text;
  };
  const common = commonTable(old, fresh);
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) { keep(fresh[j]); i += 1; j += 1; }
    else if (j >= fresh.length || (i < old.length && common[i + 1][j] >= common[i][j + 1])) change("del", old[i++]);
    else change("ins", fresh[j++]);
  }
  return joinChanges(found).flatMap(({ keep: text, del, ins }) => [
    ...(text ? [text] : []), ...(del ? [element("del", { textContent: del })] : []), ...(del && ins ? [" "] : []), ...(ins ? [element("ins", { textContent: ins })] : []),
  ]);
}

const joinChanges = (found) =>
  found.reduce((joined, part) => {
    const last = joined.at(-1);
    if (last && (last.del || last.ins) && /^\s+$/.test(part.keep) && (part.del || part.ins)) {
      last.del += part.keep + part.del;
      last.ins += part.keep + part.ins;
    } else joined.push({ ...part });
    return joined;
  }, []);

function commonTable(old, fresh) {
  const table = Array.from({ length: old.length + 1 }, () => new Uint32Array(fresh.length + 1));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      table[i][j] = old[i] === fresh[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  return table;
}

function makeDifferences(indexes) {
  const facts = indexes.map((index) => new Map(factsOf(tiles[index])));
  const names = [...new Set(facts.flatMap((each) => [...each.keys()]))];
  const differing = names.filter((name) => new Set(facts.map((each) => each.get(name) ?? "")).size > 1);
  if (differing.length === 0) return element("p", { className: "same", textContent: "Values, model, size and options are the same." });
  const table = element("table", { className: "differences" });
  const head = element("tr", {}, element("td"), ...indexes.map((_, at) => element("th", { scope: "col", textContent: letterOf(at) })));
  table.append(element("caption", { textContent: "What differs" }), element("thead", {}, head));
  const body = table.createTBody();
  for (const name of differing) {
    body.append(element("tr", {}, element("th", { scope: "row", textContent: name }), ...facts.map((each) => element("td", { dir: "auto", textContent: each.get(name) || "–" }))));
  }
  return table;
}

const factsOf = (tile) => [
  ...Object.entries(tile.place).filter(([axis]) => axis !== "model" && axis !== "ratio").map(([axis, label]) => [axisTitle(axis), label]),
  ["model", tile.model], ["size", tile.size], ["cost", tile.cost],
  ["pixels", `${tile.picture.width} × ${tile.picture.height}`],
  ...Object.entries(tile.options).map(([name, value]) => [name.replaceAll("_", " "), String(value)]),
];
