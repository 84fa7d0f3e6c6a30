// Keys that do something, each with a title: one list that the keyboard obeys and the help shows. Letters, digits and
// signs can be switched off; arrows and Ctrl stay.
//
//   addCommand({ keys: ["P"], title, group, run: (event) => …, when: () => bool })    "Mod+Z" is Ctrl or ⌘ with Z
const commands = [];
const addCommand = (command) => commands.push({ when: () => true, ...command });

// The blind review lets only its own commands through.
let commandAllowed = () => true;

const keysKey = "flux-batch-keys";
let keysOn = true;

function setKeys(on) {
  keysOn = on;
  keep(keysKey, on ? "on" : "off");
}

// The letter that is printed on the key, also on a keyboard that writes another script.
function keyName(event) {
  const name = [...event.key].length > 1 || /^[\x20-\x7e]$/.test(event.key) ? event.key : event.code.replace(/^(Key|Digit)/, "");
  const plain = name === " " ? "Space" : name.length === 1 ? name.toUpperCase() : name;
  if (!event.ctrlKey && !event.metaKey) return plain;
  return event.shiftKey ? `Mod+Shift+${plain}` : `Mod+${plain}`;
}

const isSign = (name) => [...name].length === 1 || name === "Space";
const notTyped = ["radio", "checkbox", "range", "button", "submit", "file"];

// Who types wants letters; a button wants Space and Enter, a slider and a row of stars want the arrows.
function belongsTo(target, name) {
  const field = target.closest("input, textarea, select, [contenteditable]");
  if (field && !(field.matches("input") && notTyped.includes(field.type))) return true;
  if (name === "Space" || name === "Enter") return Boolean(target.closest("button, input, summary") || (name === "Enter" && target.closest("a")));
  return name.startsWith("Arrow") && Boolean(field);
}

function obey(event) {
  if (event.altKey || event.isComposing || event.defaultPrevented) return;
  const name = keyName(event);
  if ((isSign(name) && !keysOn) || belongsTo(event.target, name)) return;
  const command = commands.find((each) => each.keys.includes(name) && commandAllowed(each) && each.when(event));
  if (!command) return;
  event.preventDefault();
  command.run(event);
}

atStart(() => {
  keysOn = kept(keysKey) !== "off";
  document.addEventListener("keydown", obey);
});
