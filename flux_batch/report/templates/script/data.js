// What the page shows: the tiles from data.js, and how to say an axis or a label. Nothing here changes.
const source = globalThis.fluxBatch ?? null;
const tiles = source?.tiles ?? [];
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
