// One file for an e-mail: the small pictures stand in the part for readers without a script, and the originals are not here.
atStart(() => {
  document.body.classList.add("is-single");
  const inside = new DOMParser().parseFromString(document.querySelector("main noscript").textContent, "text/html");
  for (const holder of inside.querySelectorAll("[data-id]")) {
    const { picture } = tiles[indexById.get(holder.dataset.id)];
    picture.thumb = picture.href = holder.querySelector("img").getAttribute("src");
  }
});
