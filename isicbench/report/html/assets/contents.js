// The list of sections shows which one is being read.

const entries = new Map([...document.querySelectorAll(".contents a")].map((link) => [link.hash.slice(1), link]));

function markCurrent() {
  const line = innerHeight * 0.3;
  const sections = [...entries.keys()].map((id) => document.getElementById(id));
  const atEnd = scrollY > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 4;
  const passed = sections.filter((section) => section.getBoundingClientRect().top <= line);
  const current = atEnd ? sections.at(-1) : passed.at(-1) ?? sections[0];
  for (const [id, link] of entries) {
    if (id === current.id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

addEventListener("scroll", markCurrent, { passive: true });
markCurrent();
