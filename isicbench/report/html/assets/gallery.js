// The gallery's pictures, enlarged: arrow keys go on, Escape closes.

const viewer = document.getElementById("viewer");

function openViewer(tiles, number) {
  const shown = () => tiles.filter((tile) => !tile.closest("[hidden]"));
  let here = tiles[number];

  function show(tile) {
    here = tile;
    const sample = tile.closest(".sample");
    const places = shown();
    viewer.querySelector("#viewer-title").textContent = sample.getAttribute("aria-label");
    viewer.querySelector(".viewer-caption").textContent = tile.parentElement.querySelector("figcaption").textContent.trim();
    viewer.querySelector(".viewer-place").textContent = `${places.indexOf(tile) + 1} of ${places.length}`;
    viewer.querySelector(".stage").replaceChildren(...views(tile, sample));
  }
  function go(step) {
    const places = shown();
    show(places[(places.indexOf(here) + step + places.length) % places.length]);
  }
  viewer.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) {
      event.preventDefault();
      go(step);
    }
  };
  viewer.onclick = (event) => {
    const button = event.target.closest("button");
    if (event.target === viewer || button?.matches("[data-close]")) viewer.close();
    else if (button?.dataset.go) go(Number(button.dataset.go));
  };
  viewer.onclose = () => here.focus();
  show(here);
  viewer.showModal();
}

// Both masks over the image, then the image alone and each mask.
function views(tile, sample) {
  const photo = sample.querySelector("image");
  const overlay = tile.querySelector("svg").cloneNode(true);
  overlay.querySelectorAll("[id]").forEach((drawn) => drawn.removeAttribute("id"));
  const truth = sample.querySelector(".truth-line").getAttribute("d");
  const views = [
    view("Overlay", [...overlay.children], overlay),
    view("Image", [photo], overlay),
    view("Truth", [maskPath([truth])], overlay),
  ];
  if (tile.dataset.tile === "prediction") {
    const found = [".tp", ".fp"].map((kind) => tile.querySelector(kind).getAttribute("d"));
    views.push(view("Prediction", [maskPath(found)], overlay));
  }
  return views;
}

function view(title, drawn, like) {
  const svg = like.cloneNode(false);
  svg.removeAttribute("aria-hidden");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", title);
  svg.append(...drawn.map((one) => one.cloneNode(true)));
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = title;
  figure.append(svg, caption);
  return figure;
}

function maskPath(paths) {
  const group = document.createElementNS("http://www.w3.org/2000/svg", "g");
  for (const d of paths) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("class", "mask");
    path.setAttribute("d", d);
    group.append(path);
  }
  return group;
}

for (const gallery of document.querySelectorAll(".gallery")) {
  const tiles = [...gallery.querySelectorAll("button[data-tile]")];
  tiles.forEach((tile, number) => tile.addEventListener("click", () => openViewer(tiles, number)));
}
