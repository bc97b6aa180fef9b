// The values of a chart under the pointer, by the arrow keys, and as a table.

const charts = JSON.parse(document.getElementById("data").textContent).charts;
const readout = document.getElementById("readout");

function followPointer(plot) {
  const chart = charts[plot.dataset.chart];
  const svg = plot.querySelector("svg");
  const cursor = svg.querySelector(".cursor");
  let x = null;

  function place(value) {
    const [left, right] = chart.ends;
    return left + ((value - chart.x[0]) / (chart.x[1] - chart.x[0])) * (right - left);
  }
  function show(value) {
    x = value;
    const box = svg.getBoundingClientRect();
    const scale = box.width / svg.viewBox.baseVal.width;
    cursor.setAttribute("transform", `translate(${place(value)},0)`);
    cursor.removeAttribute("hidden");
    fillReadout(chart, value);
    moveReadout(box.left + place(value) * scale, box.top + chart.top * scale);
  }
  function hide() {
    x = null;
    cursor.setAttribute("hidden", "");
    readout.hidden = true;
  }
  plot.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const [left, right] = chart.ends;
    const at = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    const value = chart.x[0] + ((at - left) / (right - left)) * (chart.x[1] - chart.x[0]);
    const near = nearest(shownPlaces(chart), value);
    if (near === undefined) hide(); else show(near);
  });
  plot.addEventListener("pointerleave", hide);
  plot.addEventListener("blur", hide);
  plot.addEventListener("keydown", (event) => {
    const places = shownPlaces(chart);
    if (event.key === "Escape") hide();
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !places.length) return;
    event.preventDefault();
    const here = x === null ? (step > 0 ? -1 : places.length) : places.indexOf(nearest(places, x));
    show(places[Math.min(places.length - 1, Math.max(0, here + step))]);
  });
}

function shownPlaces(chart) {
  const places = new Set(chart.lines.filter((line) => isShown(line.series)).flatMap((line) => line.x));
  return [...places].sort((a, b) => a - b);
}

function nearest(values, wanted) {
  return values.reduce((best, value) => (best === undefined || Math.abs(value - wanted) < Math.abs(best - wanted) ? value : best), undefined);
}

function fillReadout(chart, x) {
  const title = document.createElement("b");
  title.textContent = `${chart.word} ${x}`;
  const lines = chart.lines.filter((line) => isShown(line.series)).map((line) => {
    const row = document.createElement("div");
    const key = document.querySelector(`[data-toggle="${line.series}"] .key`).cloneNode(true);
    const name = document.createElement("span");
    const value = document.createElement("span");
    name.textContent = line.label;
    value.textContent = valueText(line, line.x.indexOf(nearest(line.x, x)));
    row.append(key, name, value);
    return row;
  });
  readout.replaceChildren(title, ...lines);
}

function valueText(line, place) {
  const value = line.y[place];
  if (value === null || value === undefined) return "–";
  const range = line.low && line.low[place] !== null ? ` (${line.low[place].toFixed(4)} to ${line.high[place].toFixed(4)})` : "";
  return value.toFixed(4) + range;
}

function moveReadout(x, y) {
  readout.hidden = false;
  const { width, height } = readout.getBoundingClientRect();
  const room = document.documentElement.clientWidth;
  const left = x + 14 + width > room ? x - 14 - width : x + 14;
  readout.style.left = `${Math.max(4, Math.min(left, room - width - 4))}px`;
  readout.style.top = `${Math.max(4, Math.min(y, innerHeight - height - 4))}px`;
}

// Made when it is first opened, so that the page holds each number once.
function fillTable(box) {
  const chart = charts[box.dataset.values];
  const places = [...new Set(chart.lines.flatMap((line) => line.x))].sort((a, b) => a - b);
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  for (const text of [chart.word, ...chart.lines.map((line) => line.label)]) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = text;
    head.append(cell);
  }
  const body = table.createTBody();
  for (const x of places) {
    const row = body.insertRow();
    row.insertCell().textContent = x;
    for (const line of chart.lines) {
      const at = line.x.indexOf(x);
      row.insertCell().textContent = at < 0 ? "" : valueText(line, at);
    }
  }
  box.className = "scroll";
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", "Values");
  box.replaceChildren(table);
}

document.querySelectorAll("[data-chart]").forEach(followPointer);
for (const details of document.querySelectorAll("details.values")) {
  details.addEventListener("toggle", () => fillTable(details.querySelector("[data-values]")), { once: true });
}
