// The help: every key of the registry, once, in groups.
const keySigns = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };
const modSign = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";
const sayKey = (key) => (key.length === 1 ? [key] : key.split("+")).map((part) => (part === "Mod" ? modSign : keySigns[part] ?? part));

function showKeys() {
  const groups = new Map();
  for (const { group, title, keys, hint } of commands) {
    const found = within(groups, group);
    found.set(title, [...new Set([...(found.get(title) ?? []), ...(hint ?? keys)])]);
  }
  byId("keys-list").replaceChildren(...[...groups].map(([group, titles]) => makeKeyGroup(group, titles)));
  byId("keys-switch").checked = keysOn;
  byId("keys-dialog").showModal();
}

function makeKeyGroup(group, titles) {
  const lines = [...titles].flatMap(([title, keys]) => [element("dt", {}, ...keys.flatMap(makeKey)), element("dd", { textContent: title })]);
  return element("section", {}, element("h3", { textContent: group }), element("dl", { className: "keys" }, ...lines));
}

const makeKey = (key, at) => [
  ...(at > 0 ? [element("span", { className: "or", textContent: " or " })] : []),
  ...sayKey(key).map((part) => element("kbd", { textContent: part })),
];

addCommand({ group: "Help", keys: ["?"], title: "These keys", run: showKeys });

atStart(() => {
  const help = element("button", { type: "button", className: "button", id: "help" }, icon("keys"), element("span", { textContent: "Keys" }));
  help.addEventListener("click", showKeys);
  byId("menu-slot").append(help);
  byId("keys-switch").addEventListener("change", ({ target }) => {
    setKeys(target.checked);
  });
});
