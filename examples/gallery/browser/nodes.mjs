// Drives the chat of two nodes that share it over Redis, as `make run-nodes` serves them.
//
//   GALLERY_URL=http://127.0.0.1:8010 node --test nodes.mjs

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import { html, open, PanelOnPage, posted, STEP_TIMEOUT, TEST_TIMEOUT, until, visit } from "./page.mjs";

const nodes = /data-nodes="([^"]*)"/.exec(html)[1].split(" ");
assert.equal(nodes.length, 2, "GALLERY_URL must be that of two nodes that share the chat");
const HOPS_TIMEOUT = 12_000; // three of them, and a stop
const FACES = ["Python", "Rust"];
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// A page of each node, and its chat.
async function chats({ context, origins }) {
  return Promise.all(nodes.map(async (node) => {
    origins.add(new URL(node).origin);
    return new PanelOnPage(await open(context, node), "chat");
  }));
}

test("what is said at one node is heard at all, once", { timeout: TEST_TIMEOUT }, () => visit(async (_, extras) => {
  const [first, second] = await chats(extras);
  const run = crypto.randomUUID();
  assert.equal(await posted("/chat", JSON.stringify({ text: `before ${run}` })), 204);
  for (const chat of [first, second]) await chat.press();
  const said = [`before ${run}`];
  for (const chat of [first, second, first]) {
    said.push(`${said.length} ${run}`);
    await chat.find("input").fill(said.at(-1));
    await chat.find("input").press("Enter");
    for (const one of [first, second]) {
      await one.find(".message p").getByText(said.at(-1), { exact: true }).waitFor();
      const texts = await one.find(".message p").allInnerTexts();
      assert.deepEqual(texts.filter((text) => text.endsWith(run)), said);
      assert.match(await one.find(".tally").first().innerText(), /^\d+ messages?, 0 doubled$/);
    }
  }

  // Whoever comes back, here or there, gets what was said meanwhile.
  await second.find('[data-do="drop"]').click();
  await second.wire("away");
  assert.equal(await posted("/chat", JSON.stringify({ text: `meanwhile ${run}` })), 204);
  await second.find(".message p").getByText(`meanwhile ${run}`).waitFor();
  assert.match(await second.find(".tally").first().innerText(), / 0 doubled$/);
}));

test("a page of one node may listen at the other", { timeout: TEST_TIMEOUT }, async () => {
  for (const node of nodes) {
    const { headers, body } = await fetch(new URL("/chat", node), { signal: AbortSignal.timeout(STEP_TIMEOUT) });
    await body.cancel();
    assert.equal(headers.get("access-control-allow-origin"), "*");
  }
});

test("a node that is away is passed over, and nothing is missed", { timeout: HOPS_TIMEOUT + TEST_TIMEOUT }, () => visit(async (page, extras) => {
  for (const node of nodes) extras.origins.add(new URL(node).origin);
  extras.complaints.add("net::ERR_");
  const chat = new PanelOnPage(page, "chat", extras);
  await extras.context.route(`${nodes[1]}chat*`, (route) => route.abort());
  await chat.find('[data-do="hop"]').click();
  const state = async () => {
    const { node, hops } = await chat.table(".hops");
    return `${node} ${hops}`;
  };
  for (const wanted of [/^\w+ 0$/, /^\w+, no answer 1$/, /^\w+ 2$/]) await until(async () => wanted.test(await state()));
  await extras.context.unroute(`${nodes[1]}chat*`);
  await until(async () => /^\w+ 3$/.test(await state()));
  const before = (await chat.table(".hops")).events;
  await until(async () => (await chat.table(".hops")).events !== before);
  assert.equal(await chat.find(".tally").last().innerText(), "missed 0, twice 0");
}));

for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 360]) {
    test(`a client hops without a gap: ${colorScheme}, ${width} pixels`, { timeout: HOPS_TIMEOUT + TEST_TIMEOUT }, () => visit(async (page, extras) => {
      for (const node of nodes) extras.origins.add(new URL(node).origin);
      const chat = new PanelOnPage(page, "chat", extras);
      const calls = chat.listen();
      const button = chat.find('[data-do="hop"]');
      const hopping = () => chat.table(".hops");
      assert.ok(await chat.find(".hops").isHidden());
      await button.focus();
      await page.keyboard.press("Enter");
      assert.equal(await button.innerText(), "Stop hopping");
      const met = new Map();
      await until(async () => {
        const { node, events, hops } = await hopping();
        assert.equal(await chat.find(".tally").last().innerText(), "missed 0, twice 0");
        met.set(node, Number(events));
        return Number(hops) === 3;
      }, HOPS_TIMEOUT);
      assert.deepEqual([...met.keys()].sort(), FACES, "it was on each, and each answered");
      const before = Number((await hopping()).events);
      await until(async () => Number((await hopping()).events) > before);

      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
      assert.deepEqual(violations.map(({ id, nodes: [{ html: markup }] }) => `${id}: ${markup}`), []);
      const cut = await chat.find("*:not(.unseen)").evaluateAll((all) => all
        .filter((node) => node.clientWidth && node.scrollWidth > node.clientWidth + 1 && !node.closest(".unseen")).map((node) => node.outerHTML));
      assert.deepEqual(cut, []);

      await page.keyboard.press("Enter");
      assert.equal(await button.innerText(), "Hop between the nodes");
      const asked = (await calls()).map(({ url }) => new URL(url));
      assert.deepEqual(asked.map(({ origin }) => `${origin}/`), asked.map((_, i) => nodes[i % 2]));
      assert.ok(asked.slice(1).every(({ search }) => /^\?last_event_id=\d+-\d+$/.test(search)), "with its last id");
    }, { colorScheme, viewport: { width, height: 800 } }));
  }
}
