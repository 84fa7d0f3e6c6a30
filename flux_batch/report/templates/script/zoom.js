// Pictures that zoom and pan together. A pane is a viewport with a picture in it; scale 1 fits it in, and x, y say
// which point of the picture is in the middle (0 to 1), so that pictures of different sizes keep in step.
const mostScale = 16;
const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

function makeZoom(root, { changed = () => {}, swiped = () => {}, dragged = null } = {}) {
  const zoom = { panes: [], scale: 1, x: 0.5, y: 0.5 };

  const sizeOf = ({ viewport, picture }) => {
    const fit = Math.min(viewport.clientWidth / picture.width, viewport.clientHeight / picture.height, 1.5);
    return { fit, width: picture.width * fit * zoom.scale, height: picture.height * fit * zoom.scale };
  };
  const offset = (room, size, centre) => (size <= room ? (room - size) / 2 : clamp(room / 2 - centre * size, room - size, 0));

  zoom.apply = () => {
    for (const pane of zoom.panes) {
      const { fit, width, height } = sizeOf(pane);
      const { image, viewport, picture } = pane;
      Object.assign(image.style, { width: `${picture.width * fit}px`, height: `${picture.height * fit}px` });
      const [left, top] = [offset(viewport.clientWidth, width, zoom.x), offset(viewport.clientHeight, height, zoom.y)];
      image.style.transform = `translate(${left}px, ${top}px) scale(${zoom.scale})`;
    }
    root.classList.toggle("zoomed", zoom.scale > 1);
    changed(zoom);
  };

  zoom.set = (panes) => {
    Object.assign(zoom, { panes, scale: 1, x: 0.5, y: 0.5 });
    zoom.apply();
  };

  // How far the picture can go off the middle at this scale: never past its edge.
  const settle = () => {
    const pane = zoom.panes[0];
    if (!pane) return;
    const { width, height } = sizeOf(pane);
    const half = (room, size) => Math.min(0.5, room / size / 2);
    const [h, v] = [half(pane.viewport.clientWidth, width), half(pane.viewport.clientHeight, height)];
    Object.assign(zoom, { x: clamp(zoom.x, h, 1 - h), y: clamp(zoom.y, v, 1 - v) });
  };

  // By a factor, about a point of a viewport: that point stays where it is.
  zoom.by = (factor, pane = zoom.panes[0], at = null) => {
    if (!pane) return;
    const before = sizeOf(pane);
    const [px, py] = at ?? [pane.viewport.clientWidth / 2, pane.viewport.clientHeight / 2];
    const u = (px - offset(pane.viewport.clientWidth, before.width, zoom.x)) / before.width;
    const v = (py - offset(pane.viewport.clientHeight, before.height, zoom.y)) / before.height;
    zoom.scale = clamp(zoom.scale * factor, 1, mostScale);
    const after = sizeOf(pane);
    zoom.x = u - (px - pane.viewport.clientWidth / 2) / after.width;
    zoom.y = v - (py - pane.viewport.clientHeight / 2) / after.height;
    settle();
    zoom.apply();
  };

  // By pixels of the screen.
  zoom.pan = (dx, dy, pane = zoom.panes[0]) => {
    if (!pane) return;
    const { width, height } = sizeOf(pane);
    Object.assign(zoom, { x: zoom.x - dx / width, y: zoom.y - dy / height });
    settle();
    zoom.apply();
  };

  // One picture pixel to one screen pixel, or twice as large where that would be no larger.
  zoom.actual = () => Math.max(2, ...zoom.panes.map((pane) => zoom.scale / (sizeOf(pane).width / pane.picture.width)));
  zoom.toggle = (pane, at) => zoom.by(zoom.scale > 1 ? 1 / mostScale : zoom.actual(), pane, at);
  zoom.reset = () => zoom.by(1 / mostScale);

  followPointers(root, zoom, { swiped, dragged });
  new ResizeObserver(() => zoom.apply()).observe(root);
  return zoom;
}

// One pointer pans, two pinch, a click zooms where it is; a wheel zooms, too. Buttons and keys do all of it as well.
function followPointers(root, zoom, { swiped, dragged }) {
  const pointers = new Map();
  let moved = 0;
  let start = null;
  const paneAt = (event) => zoom.panes.find(({ viewport }) => viewport.contains(event.target)) ?? null;
  const inside = ({ viewport }, { clientX, clientY }) => {
    const { left, top } = viewport.getBoundingClientRect();
    return [clientX - left, clientY - top];
  };
  const middle = () => {
    const all = [...pointers.values()];
    const mean = (name) => all.reduce((sum, each) => sum + each[name], 0) / all.length;
    const spread = all.length < 2 ? 0 : Math.hypot(all[0].clientX - all[1].clientX, all[0].clientY - all[1].clientY);
    return { clientX: mean("clientX"), clientY: mean("clientY"), spread };
  };

  root.addEventListener("pointerdown", (event) => {
    const pane = paneAt(event);
    if (!pane || event.button !== 0) return;
    if (pointers.size === 0) { moved = 0; start = { pane, clientX: event.clientX, clientY: event.clientY }; }
    pointers.set(event.pointerId, event);
    root.setPointerCapture(event.pointerId);
  });

  root.addEventListener("pointermove", (event) => {
    if (!pointers.has(event.pointerId)) return;
    const before = middle();
    pointers.set(event.pointerId, event);
    const now = middle();
    moved += Math.hypot(now.clientX - before.clientX, now.clientY - before.clientY) + Math.abs(now.spread - before.spread);
    if (pointers.size > 1 && before.spread > 0) zoom.by(now.spread / before.spread, start.pane, inside(start.pane, now));
    if (zoom.scale > 1) zoom.pan(now.clientX - before.clientX, now.clientY - before.clientY, start.pane);
    else if (dragged && pointers.size === 1 && moved > 4) dragged(inside(start.pane, now)[0] / start.pane.viewport.clientWidth);
  });

  const lift = (event) => {
    if (!pointers.delete(event.pointerId) || pointers.size > 0) return;
    const dx = event.clientX - start.clientX;
    if (event.type === "pointercancel") return;
    if (moved < 5) zoom.toggle(start.pane, inside(start.pane, event));
    else if (zoom.scale === 1 && event.pointerType === "touch" && Math.abs(dx) > 60 && Math.abs(dx) > 2 * Math.abs(event.clientY - start.clientY)) swiped(dx < 0 ? 1 : -1);
  };
  root.addEventListener("pointerup", lift);
  root.addEventListener("pointercancel", lift);

  root.addEventListener("wheel", (event) => {
    const pane = paneAt(event);
    if (!pane) return;
    event.preventDefault();
    zoom.by(Math.exp(-clamp(event.deltaY, -240, 240) / 320), pane, inside(pane, event));
  }, { passive: false });
}

// Buttons that do what pointers do; those for panning show while there is something to pan.
function makeZoomTools(zoom) {
  const step = 120;
  const button = (name, label, act) => {
    const made = element("button", { type: "button", className: "button icon-only", ariaLabel: label, title: label }, icon(name));
    made.addEventListener("click", act);
    return made;
  };
  const pan = element("span", { className: "pan" },
    button("left", "Pan left", () => zoom.pan(step, 0)), button("up", "Pan up", () => zoom.pan(0, step)),
    button("down", "Pan down", () => zoom.pan(0, -step)), button("right", "Pan right", () => zoom.pan(-step, 0)));
  return element("div", { className: "zoom-tools", role: "group", ariaLabel: "Zoom" },
    button("minus", "Zoom out", () => zoom.by(1 / 1.5)), button("plus", "Zoom in", () => zoom.by(1.5)), pan);
}

// Shift and the arrows pan; the other keys are in walkkeys.js, because they can be switched off.
function zoomByKey(zoom, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return false;
  const pans = { ArrowLeft: [80, 0], ArrowRight: [-80, 0], ArrowUp: [0, 80], ArrowDown: [0, -80] };
  if (!event.shiftKey || !pans[event.key]) return false;
  zoom.pan(...pans[event.key]);
  event.preventDefault();
  return true;
}
