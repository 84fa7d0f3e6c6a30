// Where an image comes from: the Content Credentials that its file carries.
const credentials = new Map();

function takeCredentials(from) {
  credentials.clear();
  for (const [text, indexes] of from?.credentials ?? []) indexes.forEach((index) => credentials.set(index, text));
}

takeCredentials(source);

addPanelPart((_, index) =>
  credentials.has(index) ? element("dl", { className: "details origin" }, ...makeFacts([["Content Credentials", credentials.get(index)]])) : null);
