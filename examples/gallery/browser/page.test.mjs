// The page itself: what it is as it is served, for whoever reads it and however.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import { base, face, fetched, html, origin, PanelOnPage, panels, STEP_TIMEOUT, TEST_TIMEOUT, until, visit } from "./page.mjs";

const WIDTHS = [360, 700, 800, 1024, 1280, 1920];
const CALLED = ["plain", "html", "response", "redirect", "cookies", "stream", "download", "audio", "object", "conditional", "events", "chart", "chat"];
const options = { timeout: TEST_TIMEOUT };

test("the page is whole as it is served", options, () => visit(async (page) => {
  assert.doesNotMatch(html, /\{\{/, "a place that nothing was put into");
  const served = await page.evaluate((text) => {
    const { body } = new DOMParser().parseFromString(text, "text/html");
    const texts = (selector) => [...body.querySelectorAll(selector)].map((node) => node.textContent);
    return { index: texts(".index li a"), titles: texts("h2"), lessons: texts(".lesson"), programs: texts(".program code") };
  }, html);
  assert.equal(served.titles.length, panels.length);
  assert.equal(served.index.length, panels.length);
  assert.equal(served.lessons.length, panels.length);
  assert.equal(served.programs.length, 2 * panels.length, "a program in each panel, and how to run it");
  for (const [selector, texts] of [["h2", served.titles], [".lesson", served.lessons], [".program code", served.programs]]) {
    assert.deepEqual(await page.locator(selector).allTextContents(), texts, "the scripts change no text of the page");
  }
  const loaded = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname));
  assert.deepEqual(loaded.filter((path) => !/^\/(audio|[a-z]+\.(js|css))$/.test(path)), [], "what the panels show was fetched later");
}));

test("programs and titles are in the names of the face", options, () => {
  const [own, other] = face === "Rust" ? [/\b(Html|Json)Response\b/, /\b(HTML|JSON)Response\b/] : [/\b(HTML|JSON)Response\b/, /\b(Html|Json)Response\b/];
  assert.match(html, own);
  assert.doesNotMatch(html, other);
  assert.match(html, new RegExp(face === "Rust" ? "antiphon::serve" : "uvicorn main:app"));
});

test("a lesson is one or two sentences", options, () => visit(async (page) => {
  for (const lesson of await page.locator(".lesson").allInnerTexts()) {
    assert.match(lesson, /\.$/);
    const sentences = lesson.split(/\.(?:\s|$)/).filter(Boolean);
    assert.ok(sentences.length <= 2 && lesson.length <= 200, lesson);
  }
}));

test("without JavaScript the page teaches, and its calls open their answers", options, () => visit(async (page) => {
  for (const id of panels) {
    const panel = new PanelOnPage(page, id);
    for (const selector of ["h2", ".lesson", ".program code"]) assert.notEqual(await panel.find(selector).first().innerText(), "");
    const paths = await panel.find(".calls").evaluate((calls) => [...calls.querySelectorAll("form[action], a[href]")]
      .filter((node) => node.offsetParent).map((node) => node.getAttribute("action") ?? node.getAttribute("href")));
    assert.ok(paths.length, `${id} can be called`);
    for (const path of paths) {
      const { status, body } = await fetch(new URL(path, base), { signal: AbortSignal.timeout(STEP_TIMEOUT) });
      await body?.cancel();
      assert.ok(status === 200 || path === "/status", `${path} answers ${status}`);
    }
  }
  for (const useless of await page.locator(".scripted").all()) assert.ok(await useless.isHidden());
  await page.locator("#plain button").first().click();
  assert.equal(await page.locator("body").innerText(), "Hello, world!");
  await page.goBack();
  await page.locator("#redirect .unscripted button").click();
  assert.match(await page.locator("body").innerText(), /307 Temporary Redirect\s[^]*location: \/redirect\/landed/i);
  await page.goBack();
  await page.locator("#status [value='201']").click();
  assert.equal(new URL(page.url()).search, "?code=201");
  assert.equal(await page.locator("body").innerText(), "Created");
}, { javaScriptEnabled: false }));

test("the index leads to each panel and marks the one that is read", options, () => visit(async (page) => {
  assert.deepEqual(await page.locator(".index a").evaluateAll((all) => all.map(({ hash }) => hash.slice(1))), panels);
  assert.ok((await page.locator(".index a span").allInnerTexts()).every((line) => line.length > 1 && line.length < 40), "a line for each");
  const current = () => page.locator(".index a[aria-current]").evaluateAll((all) => all.map(({ hash }) => hash.slice(1)));
  assert.deepEqual(await current(), [panels[0]]);
  for (const id of panels) {
    await page.locator(`.index a[href="#${id}"]`).click();
    await until(async () => (await current()).join() === id);
    assert.ok(await page.locator(".index a[aria-current]").evaluate((link) => {
      const { top, bottom } = link.getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    }), "the index is in sight");
  }
}, { viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" }));

test("an address with a panel's name leads there", options, () => visit(async (page) => {
  // From elsewhere: a page that is loaded again is left where it was.
  await page.goto("about:blank");
  await page.goto(new URL("#chat", base).href);
  await until(async () => Math.abs((await page.locator("#chat").boundingBox()).y - 64) < 8);
  assert.equal(await page.locator("#here").innerText(), await page.locator("#chat h2").innerText());
}, { viewport: { width: 360, height: 740 }, reducedMotion: "reduce" }));

test("the page leads to the other face, where there is one", options, () => visit(async (page) => {
  const faces = page.locator('nav[aria-label="Faces"] a');
  if (await faces.count() === 0) return assert.ok(await page.locator('nav[aria-label="Faces"]').isHidden());
  assert.equal(await page.locator('nav a[aria-current="page"]').innerText(), face);
  for (const link of await faces.all()) {
    const url = new URL(await link.getAttribute("href"));
    assert.equal(url.origin === origin, await link.getAttribute("aria-current") === "page");
    const text = await (await fetch(url, { signal: AbortSignal.timeout(STEP_TIMEOUT) })).text();
    assert.match(text, new RegExp(`data-face="${await link.innerText()}"`));
  }
}));

for (const width of WIDTHS) {
  test(`nothing is cut off at ${width} pixels`, options, () => visit(async (page) => {
    for (const id of CALLED) await new PanelOnPage(page, id).press();
    await new PanelOnPage(page, "stream").settled();
    const cut = await page.evaluate(() => [document.documentElement, ...document.querySelectorAll("body *:not(.unseen, .skip, audio)")]
      .filter((node) => node.clientWidth && node.scrollWidth > node.clientWidth + 1)
      .concat([...document.querySelectorAll(".program pre")].filter((pre) => pre.scrollHeight > pre.clientHeight))
      .filter((node) => !node.closest("svg, .stave, .unseen, .skip"))
      .map((node) => `${node.tagName} ${node.className} in ${node.closest("section")?.id}: ${node.scrollWidth} > ${node.clientWidth}`));
    assert.deepEqual(cut, []);
  }, { viewport: { width, height: 800 } }));
}

test("a program is copied by keyboard, and that is said", options, () => visit(async (page, { context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const names = await page.locator(".copy").allTextContents();
  assert.equal(new Set(names).size, names.length, "each button says what it copies");
  assert.equal(await page.locator("#said").getAttribute("role"), "status");
  for (const [i, program] of (await page.locator(".program").all()).entries()) {
    await program.locator(".copy").focus();
    await page.keyboard.press("Enter");
    await until(async () => (await page.locator("#said").textContent()) === names[i].replace("Copy", "Copied"));
    assert.match(await program.locator(".copy").innerText(), /^Copied/);
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await program.locator("code").textContent());
  }
}));

test("where nothing can be copied the program is selected", options, () => visit(async (page) => {
  await page.evaluate(() => { navigator.clipboard.writeText = () => Promise.reject(new Error("forbidden")); });
  await page.locator("#plain .copy").first().click();
  await until(async () => (await page.locator("#said").textContent()) .startsWith("Not copied, but selected"));
  const code = await page.locator("#plain .program code").first().textContent();
  assert.equal(await page.evaluate(() => getSelection().toString()), code);
}));

test("everything is reached by keyboard, and the focus is seen", options, () => visit(async (page) => {
  const seen = new Set();
  for (;;) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate(() => {
      const node = document.activeElement;
      if (node === document.body) return null;
      const all = [...document.querySelectorAll("*")];
      const { outlineStyle, outlineWidth } = getComputedStyle(node);
      return { node: all.indexOf(node), tag: node.tagName, outline: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 };
    });
    if (!focus || (seen.has(focus.node) && focus.tag !== "AUDIO")) break;
    seen.add(focus.node);
    assert.ok(focus.outline || focus.tag === "AUDIO", `the focus is seen on ${focus.tag}`);
  }
  const reachable = await page.evaluate(() => {
    const all = [...document.querySelectorAll("*")];
    return all.filter((node) => node.matches("a[href], button:enabled, input, audio, [tabindex='0']") && node.checkVisibility({ visibilityProperty: true }))
      .map((node) => all.indexOf(node));
  });
  assert.deepEqual(reachable.filter((node) => !seen.has(node)), []);

  // Who opens a stream by keyboard can close it there.
  await page.locator("#chart button").first().focus();
  await page.keyboard.press("Enter");
  await page.locator('#chart .status:text-is("open")').waitFor();
  await page.keyboard.press("Enter");
  await page.locator('#chart .status:text-is("closed")').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.closest("form")?.getAttribute("action")), "/chart");
}, { viewport: { width: 1280, height: 900 } }));

test("headings and landmarks are in order", options, () => visit(async (page) => {
  const levels = await page.locator("h1, h2, h3, h4").evaluateAll((all) => all.map(({ tagName }) => Number(tagName[1])));
  assert.equal(levels.filter((level) => level === 1).length, 1);
  assert.ok(levels.every((level, i) => level <= (levels[i - 1] ?? 0) + 1), levels.join());
  for (const landmark of ["banner", "main"]) assert.equal(await page.getByRole(landmark).count(), 1, landmark);
  assert.equal(await page.getByRole("navigation", { name: "Panels" }).count(), 1);
  assert.equal(await page.getByRole("main").getByRole("region").evaluateAll((all) => all.filter(({ tagName }) => tagName === "SECTION").length), panels.length);
}));

// The rules of axe-core, on the page as it opens and after calls.
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 360]) {
    test(`nothing keeps anybody out: ${colorScheme}, ${width} pixels`, { timeout: 2 * TEST_TIMEOUT }, () => visit(async (page) => {
      await page.evaluate(axe);
      const faults = async () => {
        const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
        return violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
          .map(({ id, nodes }) => `${id}: ${nodes.map(({ html: markup, failureSummary }) => `${markup} ${failureSummary}`).join("\n")}`);
      };
      assert.deepEqual(await faults(), []);
      for (const id of CALLED) await new PanelOnPage(page, id).press();
      await new PanelOnPage(page, "stream").settled();
      assert.deepEqual(await faults(), []);
    }, { colorScheme, viewport: { width, height: 800 } }));
  }
}
