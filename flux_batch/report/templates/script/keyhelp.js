// The help: every key of the registry, once, in groups.
const keySigns = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };
const modSign = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";
const sayKey = (key) => (key.length === 1 ? [key] : key.split("+")).map((part) => (part === "Mod" ? modSign : keySigns[part] ?? part));

const keyGroups = ["Judge", "Go", "Look", "Compare", "Help"];

function showKeys() {
  const groups = new Map(keyGroups.map((group) => [group, new Map()]));
  for (const { group, title, keys, hint } of commands.filter(commandAllowed)) {
    const found = groups.get(group) ?? new Map();
    groups.set(group, found.set(title, [...new Set([...(found.get(title) ?? []), ...(hint ?? keys)])]));
  }
  byId("keys-list").replaceChildren(...[...groups].filter(([, titles]) => titles.size > 0).map(([group, titles]) => makeKeyGroup(group, titles)));
  byId("keys-switch").checked = keysOn;
  byId("keys-dialog").showModal();
}

function makeKeyGroup(group, titles) {
  const lines = [...titles].flatMap(([title, keys]) => [element("dt", {}, ...makeKeys(keys)), element("dd", { textContent: title })]);
  return element("section", {}, element("h3", { textContent: group }), element("dl", { className: "keys" }, ...lines));
}

// Where a key is held with another, "or" tells one pair from the next.
function makeKeys(keys) {
  const pairs = keys.some((key) => key.length > 1 && key.includes("+"));
  return keys.flatMap((key, at) => [
    ...(at > 0 && pairs ? [element("span", { className: "or", textContent: "or" })] : []),
    ...sayKey(key).map((part) => element("kbd", { textContent: part })),
  ]);
}

addCommand({ group: "Help", blind: true, keys: ["?"], title: "These keys", run: showKeys });

atStart(() => {
  document.addEventListener("click", ({ target }) => { if (target.closest("[data-close]")) target.closest("dialog").close(); });
  const help = element("button", { type: "button", className: "button", id: "help" }, icon("keys"), element("span", { textContent: "Keys" }));
  help.addEventListener("click", showKeys);
  byId("menu-slot").append(help);
  byId("keys-switch").addEventListener("change", ({ target }) => {
    setKeys(target.checked);
  });
});
