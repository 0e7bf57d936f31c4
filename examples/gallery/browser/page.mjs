// A browser that looks at a running gallery, and what one finds on its page.
//
// GALLERY_URL is where the gallery answers; CHROMIUM is the browser to start (/usr/bin/chromium when not given).

import assert from "node:assert/strict";
import { after } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { chromium } from "playwright-core";

export const base = process.env.GALLERY_URL;
assert.ok(base, "GALLERY_URL must say where the gallery answers");
export const origin = new URL(base).origin;

export const TEST_TIMEOUT = 18_000;
export const STEP_TIMEOUT = 5_000;

// The page as it is served, and what it says of itself.
export const html = (await fetched("/")).toString();
export const [, face] = /data-face="([^"]+)"/.exec(html);
export const panels = [...html.matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id);

let launched;
const browser = () => launched ??= chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  timeout: TEST_TIMEOUT,
});
after(async () => (await launched)?.close(), { timeout: TEST_TIMEOUT });

// Opens the page in a fresh browser context (so no cookie survives a test), runs `drive`, and then holds the page to
// having been quiet and self-contained. The browser reports every failed load on the console; a test that asks for one
// names it in `complaints` ("status of 404", "net::ERR_…"), and only those are forgiven.
export async function visit(drive, options = {}) {
  const context = await (await browser()).newContext(options);
  context.setDefaultTimeout(STEP_TIMEOUT);
  const complaints = new Set();
  const origins = new Set([origin]);
  const media = []; // what players were answered
  const wrong = [];
  try {
    context.on("request", (request) => {
      const url = new URL(request.url());
      if (!["data:", "about:", "blob:"].includes(url.protocol) && !origins.has(url.origin)) wrong.push(`request to ${url}`);
    });
    context.on("response", (response) => { if (response.request().resourceType() === "media") media.push(response.status()); });
    context.on("console", (message) => {
      const text = message.text();
      const forgiven = text.startsWith("Failed to load resource") && [...complaints].some((complaint) => text.includes(complaint));
      if (message.type() === "error" && !forgiven) wrong.push(`console: ${text}`);
    });
    context.on("weberror", (error) => wrong.push(`page error: ${error.error().message}`));
    const page = await open(context);
    await drive(page, { context, complaints, origins, media });
    assert.deepEqual(wrong, []);
  } finally {
    await context.close();
  }
}

export async function open(context, url = base) {
  const page = await context.newPage();
  await page.goto(url); // until it is loaded, and no longer: then the page is whole
  return page;
}

// One panel of an open page, with what its hooks show.
export class PanelOnPage {
  constructor(page, id, extras) {
    this.id = id;
    this.section = page.locator(`section[id="${id}"]`);
    Object.assign(this, extras);
  }

  find(selector) { return this.section.locator(selector); }

  // Presses the first call whose button says so, or simply the first.
  press(says = "") { return this.find(".calls button").filter({ hasText: says }).first().click(); }

  // Makes a call, and waits for the panel to settle in `state`.
  async call(says, state) {
    await this.press(says);
    await this.settled(state);
  }

  // Clicks, and waits for the panel to settle in `state`.
  async click(selector, state = "done") {
    await this.find(selector).click();
    await this.settled(state);
  }

  async settled(state = "done") {
    await this.section.and(this.section.page().locator('[data-state="done"], [data-state="failed"]')).waitFor();
    assert.equal(await this.section.getAttribute("data-state"), state, await this.find(".note").innerText());
  }

  async status() { return Number.parseInt(await this.find(".status").innerText(), 10); }
  async body() { return this.find(".body").textContent(); }

  // The calls of the panel's stream from now on; the function returned tells them.
  listen() {
    const requests = [];
    this.context.on("request", (request) => {
      if (request.method() === "GET" && new URL(request.url()).pathname === `/${this.id}`) requests.push(request);
    });
    return () => Promise.all(requests.map(async (request) => ({
      url: request.url(), lastEventId: (await request.allHeaders())["last-event-id"], status: (await request.response())?.status(),
    })));
  }

  // Remembers each state that an element's text goes through; the function returned tells them.
  async watch(selector) {
    const element = await this.find(selector).elementHandle();
    await element.evaluate((node) => {
      node.states = [];
      new MutationObserver(() => node.states.push(node.textContent)).observe(node, { childList: true, subtree: true });
    });
    return () => element.evaluate((node) => node.states);
  }

  // Waits until the status line of an event stream says so.
  wire(state) { return this.find(`.status:text-is("${state}")`).waitFor(); }

  // A table's rows as an object.
  async table(selector) {
    const rows = await this.find(`${selector} tr`).evaluateAll((all) => all.map((row) => [row.dataset.name, row.cells[1].textContent]));
    return Object.fromEntries(rows);
  }
  headers() { return this.table(".headers"); }
}

// What the gallery answers to somebody other than the browser.
export async function fetched(path) {
  const response = await fetch(new URL(path, base), { signal: AbortSignal.timeout(STEP_TIMEOUT) });
  return Buffer.from(await response.arrayBuffer());
}

export async function posted(path, body) {
  return (await fetch(new URL(path, base), { method: "POST", body, signal: AbortSignal.timeout(STEP_TIMEOUT) })).status;
}

// Asks again until it holds.
export async function until(holds, patience = STEP_TIMEOUT) {
  const deadline = performance.now() + patience;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `never came true: ${holds}`);
    await pause(20);
  }
}
