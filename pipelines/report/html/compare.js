
// Comparison of two images of a scene. The custom properties --split, --zoom, --x and --y of the stage control both
// layers, so they always show the same region.
{
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const stage = byId("stage");
  const sides = ["left", "right"];
  const MAX_ZOOM = 16;
  const state = { scene: data.scenes[0], split: 50, zoom: 1, x: 0, y: 0 };

  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const layerOf = (side) => state.scene.layers.find((layer) => layer.name === byId(side).value);
  const px = (value) => `${Math.round(value * 100) / 100}`;

  function svg(name, attributes, text) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text) element.textContent = text;
    return element;
  }

  function picture(source, alt) {
    const image = new Image();
    image.src = source;
    image.alt = alt;
    image.draggable = false;
    return image;
  }

  function boxSvg(layer) {
    const { width, height, truth } = state.scene;
    const lowest = Number(byId("lowest").value);
    const found = (layer.found || []).filter((box) => box.at(-1) >= lowest);
    const kinds = [[byId("truth").checked ? truth : [], "truth"], [byId("found").checked ? found : [], "found"]];
    const counts = kinds.map(([boxes, kind]) => `${boxes.length} ${kind === "truth" ? "ground-truth boxes" : "detections"}`);
    const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": counts.join(", ") });
    for (const [boxes, kind] of kinds) {
      for (const [number, x1, y1, x2, y2, score] of boxes) {
        const [name, colour] = data.legend[number];
        const text = score === undefined ? name : `${name} ${score.toFixed(2).replace(/^0/, "")}`;
        const group = svg("g", { class: kind, style: kind === "found" ? `--colour: ${colour}` : "" });
        const place = { x: px(x1), y: px(y1), width: px(x2 - x1), height: px(y2 - y1) };
        group.append(svg("rect", { ...place, class: "halo" }), svg("rect", place));
        group.lastChild.append(svg("title", {}, kind === "truth" ? `ground truth: ${text}` : text));
        if (kind === "found") group.append(svg("text", { x: px(x1), y: px(y1), dy: y1 < 0.05 * height ? "1em" : "-.25em" }, text));
        root.append(group);
      }
    }
    return root;
  }

  function mask(layer) {
    const truth = document.querySelector("input[name=mask]:checked").value === "truth";
    const source = truth ? state.scene.truth : layer.found;
    if (!byId("shown").checked || !source) return null;
    const image = picture(source, truth ? "ground-truth mask" : `predicted mask of ${layer.name}`);
    image.className = "mask";
    image.style.opacity = data.opacity;
    return image;
  }

  function show() {
    const { width, height, name } = state.scene;
    byId("compare").style.setProperty("--ratio", width / height);
    stage.setAttribute("aria-label", `Scene ${name}: ${byId("left").value} left, ${byId("right").value} right`);
    for (const side of sides) {
      const layer = layerOf(side);
      const over = { boxes: boxSvg, masks: mask }[data.kind]?.(layer);
      const parts = [picture(layer.image, `scene ${name}, ${layer.name}`), over];
      byId(`layer-${side}`).firstElementChild.replaceChildren(...parts.filter(Boolean));
      stage.querySelector(`.name.${side}`).textContent = layer.name;
    }
    for (const thumb of document.querySelectorAll(".thumbs button")) {
      thumb.setAttribute("aria-pressed", thumb.dataset.scene === name);
    }
    byId("lowest").nextSibling.value = `.${byId("lowest").value.slice(2).padEnd(2, "0")}`;
    place();
  }

  function place() {
    const { split, zoom, x, y } = state;
    const unit = state.scene.width / (stage.clientWidth || state.scene.width) / zoom; // image pixels per screen pixel
    for (const [key, value] of Object.entries({ split: `${split}%`, zoom, x, y, unit })) {
      stage.style.setProperty(`--${key}`, value);
    }
    stage.classList.toggle("zoomed", zoom > 1);
    stage.classList.toggle("close", zoom * stage.clientWidth > 3 * state.scene.width);
    byId("split").value = split;
    byId("zoom").value = `${Math.round(zoom * 100)}%`;
    byId("out").disabled = zoom <= 1;
    byId("in").disabled = zoom >= MAX_ZOOM;
  }

  function moveDivider(percent) {
    state.split = clamp(percent, 0, 100);
    place();
  }

  function pan(dx, dy) {
    state.x = clamp(state.x + dx, 1 - state.zoom, 0);
    state.y = clamp(state.y + dy, 1 - state.zoom, 0);
    place();
  }

  // Zoom around the point (x, y) of the stage, given as fractions of its size.
  function zoomBy(factor, x = 0.5, y = 0.5) {
    const zoom = clamp(state.zoom * factor, 1, MAX_ZOOM);
    const ratio = zoom / state.zoom;
    state.zoom = zoom;
    pan((x - state.x) * (1 - ratio), (y - state.y) * (1 - ratio));
  }

  function at(event) {
    const box = stage.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  }

  // One pointer moves the divider if it is near it or the whole image is visible, and the image otherwise; two zoom.
  const pointers = new Map();
  let moves = "divider";
  const spread = ([a, b]) => Math.hypot((a.x - b.x) * stage.clientWidth, (a.y - b.y) * stage.clientHeight);
  const middle = ([a, b]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    stage.setPointerCapture(event.pointerId);
    const point = at(event);
    pointers.set(event.pointerId, point);
    const near = Math.abs(point.x * 100 - state.split) * stage.clientWidth < 2000; // 20 pixels
    moves = state.zoom === 1 || near ? "divider" : "image";
    if (pointers.size === 1 && moves === "divider" && event.pointerType === "mouse") moveDivider(point.x * 100);
  });
  stage.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const old = [...pointers.values()];
    const point = at(event);
    pointers.set(event.pointerId, point);
    if (pointers.size === 2) {
      const now = [...pointers.values()];
      const [from, to] = [middle(old), middle(now)];
      zoomBy(spread(now) / Math.max(spread(old), 1), from.x, from.y);
      pan(to.x - from.x, to.y - from.y);
    } else if (moves === "divider") {
      // A finger that starts to scroll the page must not make the divider jump to it.
      moveDivider(event.pointerType === "mouse" ? point.x * 100 : state.split + (point.x - before.x) * 100);
    } else {
      pan(point.x - before.x, point.y - before.y);
    }
  });
  for (const end of ["pointerup", "pointercancel"]) {
    stage.addEventListener(end, (event) => {
      pointers.delete(event.pointerId);
      moves = state.zoom === 1 ? "divider" : "image"; // for the remaining finger
    });
  }
  stage.addEventListener("wheel", (event) => {
    if (document.activeElement !== stage && !event.ctrlKey) return; // the page scrolls
    event.preventDefault();
    const { x, y } = at(event);
    zoomBy(Math.exp(-event.deltaY / 400), x, y);
  }, { passive: false });
  stage.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const zooms = { "+": () => zoomBy(1.25), "=": () => zoomBy(1.25), "-": () => zoomBy(0.8), 0: () => zoomBy(0) };
    if (step && event.shiftKey) pan(-0.1 * step[0], -0.1 * step[1]);
    else if (step && step[0]) moveDivider(state.split + 2 * step[0]);
    else if (zooms[event.key] && !event.ctrlKey && !event.metaKey) zooms[event.key]();
    else return;
    event.preventDefault();
  });

  byId("split").addEventListener("input", (event) => moveDivider(Number(event.target.value)));
  byId("in").addEventListener("click", () => zoomBy(1.5));
  byId("out").addEventListener("click", () => zoomBy(1 / 1.5));
  byId("whole").addEventListener("click", () => zoomBy(0));
  byId("swap").addEventListener("click", () => {
    [byId("left").value, byId("right").value] = [byId("right").value, byId("left").value];
    show();
  });
  for (const input of document.querySelectorAll("#compare select, #compare input:not(#split)")) {
    input.addEventListener("input", show);
  }
  addEventListener("resize", place);

  for (const scene of data.scenes) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.scene = scene.name;
    const visible = scene.layers.find((layer) => layer.name === "visible");
    button.append(picture(visible.image, ""), scene.name);
    button.addEventListener("click", () => { state.scene = scene; show(); });
    document.querySelector(".thumbs").append(button);
  }
  for (const side of sides) byId(side).append(...state.scene.layers.map((layer) => new Option(layer.name)));
  byId("lowest").value = data.lowest;
  byId("left").value = "visible";
  byId("right").value = state.scene.layers.at(-1).name;
  byId("legend").append(...data.legend.map(([name, colour]) => {
    const item = document.createElement("li");
    const swatch = document.createElement("span");
    swatch.className = "swatch";
    swatch.style.background = colour;
    item.append(swatch, name);
    return item;
  }));
  byId("compare").dataset.kind = data.kind;
  byId("compare").hidden = false;
  show();
}
