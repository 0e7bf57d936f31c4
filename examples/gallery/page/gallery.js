// The page is whole as it is served. This makes its panels answer where they stand.

import { announce, note } from "./dom.js";
import { highlight } from "./highlight.js";
import { Panel } from "./panel.js";
import { VIEWS } from "./views.js";

const root = document.documentElement;
const index = document.querySelector(".index details");
const sections = [...document.querySelectorAll("main > section")];
const links = new Map(sections.map((section) => [section, index.querySelector(`a[href="#${section.id}"]`)]));

/* ---------- the panels ---------- */

const CONTOUR = [2, 3, 4, 3, 5, 4, 3, 2, 3, 1, 2, 2]; // an invented chant, in half-spaces from the lowest line
sections.forEach((section, i) => {
  const panel = new Panel(section);
  VIEWS[section.dataset.view](panel);
  const onScore = note("", `${((i + 0.5) / sections.length) * 100}%`, `${30 - CONTOUR[i % CONTOUR.length] * 5}px`);
  document.getElementById("score").append(onScore);
  panel.markers.push(onScore, links.get(section));
});

/* ---------- the programs ---------- */

for (const program of document.querySelectorAll(".program")) {
  const code = program.querySelector("code");
  const button = program.querySelector(".copy");
  const [label, what] = button.childNodes;
  let back;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      label.textContent = "Copied";
      announce(`Copied${what.textContent}`);
    } catch {
      // Not every page may write to the clipboard; then one more key does it.
      getSelection().selectAllChildren(code);
      label.textContent = "Selected";
      announce(`Not copied, but selected${what.textContent}`);
    }
    clearTimeout(back);
    back = setTimeout(() => { label.textContent = "Copy"; }, 2000);
  });
  highlight(code, program.matches(".shell") ? "shell" : root.dataset.face);
}

/* ---------- the index ---------- */

const here = document.getElementById("here");
function mark(section) {
  for (const link of links.values()) link.removeAttribute("aria-current");
  links.get(section).setAttribute("aria-current", "true");
  here.textContent = section.querySelector("h2").textContent;
}
mark(sections[0]);
// The panel that one reads is the one a little below the top.
const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (isIntersecting) mark(target);
}, { rootMargin: "-20% 0px -75% 0px" });
for (const section of sections) watcher.observe(section);

const narrow = matchMedia("(max-width: 48rem)");
const fold = () => { index.open = !narrow.matches; };
narrow.addEventListener("change", fold);
index.addEventListener("click", (event) => { if (narrow.matches && event.target.closest("a")) index.open = false; });
fold();

// The other face has the same panels, so switching stays at the panel that is looked at.
for (const link of document.querySelectorAll('nav[aria-label="Faces"] a')) {
  link.addEventListener("click", () => { link.hash = location.hash; });
}

root.dataset.ready = "";
// The panels have grown since the browser went to the one that the address names.
if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView({ behavior: "instant" });
