// The controls for one image: two flags that can be pressed, and stars as a row of radio buttons.
const flagChoices = [["pick", "Pick", "check"], ["reject", "Reject", "cross"]];

function makeJudge(index, place, withWords) {
  const made = element("div", { className: withWords ? "judge roomy" : "judge", role: "group", ariaLabel: `Judge ${nameNow(index)}` });
  made.append(...flagChoices.map((choice) => makeFlag(index, place, withWords, choice)), makeStars(index, place));
  return made;
}

function makeFlag(index, place, withWords, [flag, word, image]) {
  const on = shownMark(hashOf(index)).flag === flag;
  const button = element("button", { type: "button", className: `button flag flag-${flag}`, ariaPressed: String(on) }, icon(image));
  if (withWords) button.append(element("span", { textContent: word }));
  else button.ariaLabel = word;
  button.dataset.part = `${place}-${flag}`;
  button.addEventListener("click", () => setFlag(index, on ? null : flag));
  return button;
}

function makeStars(index, place) {
  const now = shownMark(hashOf(index)).rating;
  const group = element("fieldset", { className: "stars" }, element("legend", { className: "quiet", textContent: "Stars" }));
  group.append(...[null, 1, 2, 3, 4, 5].map((rating) => makeStar(index, place, now, rating)));
  return group;
}

function makeStar(index, place, now, rating) {
  const radio = element("input", { type: "radio", name: `stars-${place}-${index}`, checked: (now || null) === rating, ariaLabel: starWord(rating) });
  radio.dataset.part = `${place}-star-${rating}`;
  radio.addEventListener("change", () => setStars(index, rating));
  // As in Lightroom: the star that is on takes them all away.
  if (rating !== null && now === rating) radio.addEventListener("click", () => setStars(index, null));
  const shown = rating === null ? element("span", { className: "no-stars", textContent: "Clear", ariaHidden: "true" }) : icon("star");
  return element("label", { className: rating !== null && rating <= (now ?? 0) ? "star on" : "star", title: starWord(rating) }, radio, shown);
}
