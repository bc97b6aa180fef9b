// A page that is served: it asks for news every few seconds, and loads itself anew where nobody is disturbed by that.

{
  const LOOK_MS = 2000;
  const KEPT = "isicbench-place";
  const mark = document.documentElement.dataset.mark;
  const all = (selector) => [...document.querySelectorAll(selector)];
  const nameOf = (toggle) => toggle.textContent.trim();
  const regionOf = (box) => box.getAttribute("aria-label");
  const FOCUSABLE = "a[href], button, input, summary, [tabindex]";

  const told = document.createElement("p");
  told.className = "live";
  told.setAttribute("role", "status");
  document.querySelector(".masthead .brand").after(told);

  function say(text, lost) {
    if (told.textContent !== text) told.textContent = text;
    told.toggleAttribute("data-lost", lost);
  }

  // The section that is being read, and how far: what grows above it moves nothing.
  function readingPlace() {
    const passed = all("main section[id]").filter((section) => section.getBoundingClientRect().top <= 1);
    const section = passed.at(-1);
    return section ? { id: section.id, beneath: -section.getBoundingClientRect().top } : { id: null, beneath: scrollY };
  }

  function sorted(table) {
    const heads = [...table.tHead.rows[0].cells];
    const column = heads.findIndex((head) => head.getAttribute("aria-sort"));
    return column < 0 ? null : { column, order: heads[column].getAttribute("aria-sort") };
  }

  // By the names of things, for there may be more of them the next time.
  function keepPlace() {
    const focused = document.activeElement?.closest("section[id], nav, header");
    const within = focused ? [...focused.querySelectorAll(FOCUSABLE)] : [];
    sessionStorage.setItem(KEPT, JSON.stringify({
      reading: readingPlace(),
      toggles: all("[data-toggle]").map((toggle) => [nameOf(toggle), toggle.getAttribute("aria-pressed")]),
      open: all("details[open] [data-values]").map((box) => box.dataset.values),
      sorted: all("table[data-sortable]").map((table) => [regionOf(table.parentElement), sorted(table)]),
      filters: all("input[data-filter]").map((input) => [input.dataset.filter, input.value]),
      boxes: all(".scroll").map((box) => [regionOf(box), box.scrollLeft, box.scrollTop]),
      focus: focused && [focused.id || focused.tagName, within.indexOf(document.activeElement)],
    }));
  }

  function takePlace() {
    const text = sessionStorage.getItem(KEPT);
    sessionStorage.removeItem(KEPT);
    if (!text) return;
    const kept = JSON.parse(text);
    const pressed = new Map(kept.toggles);
    for (const toggle of all("[data-toggle]")) {
      const before = pressed.get(nameOf(toggle));
      if (before && before !== toggle.getAttribute("aria-pressed")) toggle.click();
    }
    for (const box of all("[data-values]")) {
      if (kept.open.includes(box.dataset.values)) box.closest("details").open = true;
    }
    const orders = new Map(kept.sorted);
    for (const table of all("table[data-sortable]")) sortAgain(table, orders.get(regionOf(table.parentElement)));
    const filters = new Map(kept.filters);
    for (const input of all("input[data-filter]")) {
      input.value = filters.get(input.dataset.filter) ?? "";
      input.dispatchEvent(new Event("input"));
    }
    const boxes = new Map(kept.boxes.map(([name, left, top]) => [name, { left, top }]));
    for (const box of all(".scroll")) box.scrollTo(boxes.get(regionOf(box)) ?? {});
    const section = document.getElementById(kept.reading.id);
    const above = section ? section.getBoundingClientRect().top + scrollY : 0;
    scrollTo({ top: above + kept.reading.beneath, behavior: "instant" });
    if (kept.focus) focusAgain(...kept.focus);
  }

  function sortAgain(table, wanted) {
    const head = wanted && table.tHead.rows[0].cells[wanted.column];
    for (let click = 0; head && click < 2 && head.getAttribute("aria-sort") !== wanted.order; click++) {
      head.querySelector("button").click();
    }
  }

  function focusAgain(place, number) {
    const around = document.getElementById(place) ?? document.querySelector(place);
    around?.querySelectorAll(FOCUSABLE)[number]?.focus({ preventScroll: true });
  }

  // Whoever looks at an enlarged picture or has marked text is not interrupted; the news come afterwards.
  const isBusy = () => document.querySelector("dialog[open]") !== null || !getSelection().isCollapsed;

  async function look() {
    try {
      const answer = await fetch("/mark", { cache: "no-store" });
      if (answer.status === 403) {
        say("The server was started anew. Open the address that it printed.", true);
        return;
      }
      if (!answer.ok) throw new Error(answer.statusText);
      const now = await answer.text();
      if (now !== mark && !isBusy()) {
        keepPlace();
        location.reload();
        return;
      }
      say(`Live, as of ${loaded}`, false);
    } catch {
      say(`No answer from isicbench serve. This page is as of ${loaded}.`, true);
    }
    setTimeout(look, LOOK_MS);
  }

  const loaded = new Date().toLocaleTimeString("en-GB");
  history.scrollRestoration = "manual";
  takePlace();
  say(`Live, as of ${loaded}`, false);
  setTimeout(look, LOOK_MS);
}
