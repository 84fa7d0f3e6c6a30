// What the page shows: the tiles from data.js unpacked, and how to say an axis or a label.
const source = globalThis.fluxBatch ?? null;
const axes = source?.axes ?? [];
const firstLayout = source?.layout ?? { rows: null, columns: null, tabs: {} };
const axisByName = new Map(axes.map((axis) => [axis.name, axis]));
const shortLabels = new Map(axes.map((axis) => [axis.name, new Map(axis.values.map((value) => [value.label, value.short]))]));

const byId = (id) => document.getElementById(id);
const axisTitle = (name) => axisByName.get(name)?.title ?? name;

// "" stands for an axis that this image's job does not have.
const labelOf = (tile, axis) => tile.place[axis] ?? "";
const sayLabel = (axis, label) => {
  if (label === "") return "–";
  const short = shortLabels.get(axis)?.get(label) ?? label;
  return axis === "n" ? `#${short}` : short;
};

// Elements are made here and filled with text, never with markup.
const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

// The icons of the page, by name.
const icon = (name) => {
  const made = byId("icon-template").content.firstElementChild.cloneNode(true);
  made.firstElementChild.setAttribute("href", `#i-${name}`);
  return made;
};

// In the order in which pack.py writes them. An axis may be called __proto__: places have no prototype.
function unpack(row, from) {
  const { texts, objects, labels } = from;
  const [id, codes, prompt, model, size, options, cost, price, picture, shape, notice, parent, line, retired, reference, shared, suspect] = row;
  const place = Object.create(null);
  codes.forEach((code, at) => { if (code >= 0) place[labels[at][0]] = labels[at][1][code]; });
  const found = picture ? unpackPicture(picture, from) : undefined;
  return {
    id, place, line,
    prompt: texts[prompt], model: texts[model], size: texts[size ?? 0], options: objects[options ?? 0],
    cost: texts[cost ?? 0], price: price || undefined, wanted: !retired,
    picture: found, shape: found ? [found.thumb_width, found.thumb_height] : objects[shape ?? 0],
    notice: notice ? objects[notice - 1] : undefined, parent: parent ? parent - 1 : undefined, edits: [],
    reference: texts[reference ?? 0], shared_with: texts[shared ?? 0], suspect: texts[suspect ?? 0],
    alt: sayPlace(place) || [...texts[prompt]].slice(0, 120).join(""),
  };
}

function unpackPicture([href, name = 0, width = 0, height = 0, weight = 0, mime = 0, sha256 = "", ...thumbs], { texts }) {
  const [thumb = 0, thumb_width = 0, thumb_height = 0, thumb2 = 0, thumb2_width = 0, thumb2_height = 0, shown = 0] = thumbs;
  const named = (text) => text.replace("*", sha256.slice(0, 20));
  return {
    href, name: texts[name] || href, width, height, weight: texts[weight], mime: texts[mime], sha256,
    thumb: named(texts[thumb]), thumb_width, thumb_height, thumb2: named(texts[thumb2]), thumb2_width, thumb2_height,
    shown: named(texts[shown]),
  };
}

// The values that tell an image from its neighbours.
const sayPlace = (place) =>
  axes.filter(({ name }) => name in place).map(({ name }) => (name === "n" ? `variation ${place.n}` : sayLabel(name, place[name]))).join(" · ");

const tiles = (source?.tiles ?? []).map((row) => unpack(row, source));
// A tile's edits, by its index; one that is still to come may have some already.
const edits = new Map();
const editsOf = (index) => edits.get(index) ?? edits.set(index, []).get(index);
tiles.forEach(({ parent }, index) => { if (parent !== undefined) editsOf(parent).push(index); });
tiles.forEach((tile, index) => { if (edits.has(index)) tile.edits = edits.get(index); });
const indexById = new Map(tiles.map(({ id }, index) => [id, index]));

// A tile that came by itself (pack.py, plain) has only the fields that are not empty.
const expand = (tile) => ({ options: {}, cost: "", reference: "", shared_with: "", suspect: "", ...tile, edits: [], place: Object.assign(Object.create(null), tile.place) });

// Its edits are known from their parents; a parent that is new learns of it.
function adopt(index, before) {
  const { parent } = tiles[index];
  if (before !== parent) {
    if (before !== undefined) editsOf(before).splice(editsOf(before).indexOf(index), 1);
    if (parent !== undefined) editsOf(parent).push(index);
  }
  tiles[index].edits = editsOf(index);
  indexById.set(tiles[index].id, index);
}
