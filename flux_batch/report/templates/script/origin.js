// Where an image comes from: the Content Credentials that its file carries.
const credentials = new Map();

function takeCredentials(from) {
  credentials.clear();
  for (const [text, indexes] of from?.credentials ?? []) indexes.forEach((index) => credentials.set(index, text));
}

takeCredentials(source);

// What was picked in the draft, and its place on the draft's sheet.
function makeDraft(index) {
  const { run, page, images } = source?.draft ?? { images: [] };
  const lines = images.filter(({ tiles: made }) => made.includes(index)).map(({ id, href }) => {
    const picture = href ? [element("a", { href, target: "_blank", rel: "noopener" }, element("img", { src: href, alt: `Draft ${id}`, decoding: "async" }))] : [];
    const sheet = page ? [", ", element("a", { href: `${page}#open=${encodeURIComponent(id)}`, textContent: "on its sheet" })] : [];
    return element("dd", { dir: "auto" }, ...picture, `${id} of ${run}`, ...sheet);
  });
  return lines.length > 0 ? element("dl", { className: "details origin" }, element("dt", { textContent: "Picked from" }), ...lines) : null;
}

addPanelPart((_, index) => makeDraft(index));
addPanelPart((_, index) =>
  credentials.has(index) ? element("dl", { className: "details origin" }, ...makeFacts([["Content Credentials", credentials.get(index)]])) : null);
