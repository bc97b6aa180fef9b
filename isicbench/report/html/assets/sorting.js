// Tables that are sorted by a click, or Enter, on a heading: numbers first downwards, words first upwards.

function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const numeric = head.classList.contains("number") || head.dataset.kind === "number";
      const before = head.getAttribute("aria-sort");
      const order = before ? (before === "ascending" ? "descending" : "ascending") : numeric ? "descending" : "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order);
      sortRows(table.tBodies[0], column, order === "ascending" ? 1 : -1);
    });
  });
}

// Cells without a value stay at the end in either order; equal ones keep theirs.
function sortRows(body, column, sign) {
  const rows = [...body.rows].filter((row) => !("fixed" in row.dataset));
  const fixed = [...body.rows].filter((row) => "fixed" in row.dataset);
  const keyed = rows.map((row) => ({ row, key: sortKey(row.cells[column]) }));
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return (a.key === null) - (b.key === null);
    return sign * (typeof a.key === "number" && typeof b.key === "number" ? a.key - b.key : compareWords(a.key, b.key));
  });
  body.append(...keyed.map(({ row }) => row), ...fixed);
}

const compareWords = new Intl.Collator("en", { numeric: true }).compare;

function sortKey(cell) {
  const text = cell.dataset.value ?? cell.textContent.trim();
  if (text === "" || text === "–") return null;
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

function makeFilter(input) {
  const line = input.closest(".filter");
  const rows = [...line.parentElement.querySelectorAll("tbody tr")].map((row) => [row, row.cells[0].textContent.toLowerCase()]);
  const told = line.querySelector("output");
  line.hidden = false;
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    let found = 0;
    for (const [row, text] of rows) {
      row.hidden = !text.includes(wanted);
      found += !row.hidden;
    }
    told.textContent = wanted ? `${found} of ${rows.length}` : "";
  });
}

document.querySelectorAll("table[data-sortable]").forEach(makeSortable);
document.querySelectorAll("input[data-filter]").forEach(makeFilter);
