// Drives the gallery page in Chromium, panel by panel, against a running gallery.
//
//   GALLERY_URL=http://127.0.0.1:8000 node --test
//
// GALLERY_URL is where the gallery answers; CHROMIUM is the browser to start (/usr/bin/chromium when not given).

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { pipeline } from "node:stream";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { chromium } from "playwright-core";

const base = process.env.GALLERY_URL;
assert.ok(base, "GALLERY_URL must say where the gallery answers");
const origin = new URL(base).origin;

const TEST_TIMEOUT = 18_000;
const STEP_TIMEOUT = 5_000;

const gallery = await fetch(new URL("/panels.json", base), { signal: AbortSignal.timeout(STEP_TIMEOUT) }).then((response) => response.json());

let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    timeout: TEST_TIMEOUT,
  });
}, { timeout: TEST_TIMEOUT });
after(() => browser?.close(), { timeout: TEST_TIMEOUT });

// Opens the page in a fresh browser context (so no cookie survives a test), runs `drive`, and then holds the page to
// having been quiet and self-contained. The browser reports every failed load on the console; a test that asks for one
// names it in `complaints` ("status of 404", "net::ERR_…"), and only those are forgiven.
async function visit(drive) {
  const context = await browser.newContext();
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

async function open(context, url = base) {
  const page = await context.newPage();
  await page.goto(url);
  await page.locator("html[data-ready]").waitFor();
  return page;
}

// One panel of an open page, with what its hooks show.
class PanelOnPage {
  constructor(page, spec, extras) {
    this.spec = spec;
    this.section = page.locator(`[id="panel-${spec.id}"]`);
    Object.assign(this, extras);
  }

  find(selector) { return this.section.locator(selector); }

  // Clicks, and waits for the panel to settle in `state`.
  async click(selector, state = "done") {
    await this.find(selector).click();
    await this.settled(state);
  }

  async settled(state = "done") {
    await this.section.and(this.section.page().locator('[data-state="done"], [data-state="failed"]')).waitFor();
    assert.equal(await this.section.getAttribute("data-state"), state, await this.find(".note").innerText());
  }

  // Presses the first action that `matches`.
  async call(matches = () => true) {
    const index = this.spec.actions.findIndex(matches);
    assert.notEqual(index, -1, `${this.spec.id} has no such action`);
    await this.click(`[data-action="${index}"]`);
  }

  async status() { return Number.parseInt(await this.find(".status").innerText(), 10); }
  async body() { return this.find(".body").textContent(); }

  // The calls of the panel's stream from now on; the function returned tells them.
  listen() {
    const requests = [];
    this.context.on("request", (request) => {
      if (request.method() === "GET" && new URL(request.url()).pathname === this.spec.src) requests.push(request);
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

// A line to the gallery that can be cut, with an address of its own. Until it is mended, whoever calls gets no answer.
class Line {
  #sockets = new Set();
  #whole = true;

  static async to({ hostname, port }) {
    const line = new Line();
    const server = createServer((socket) => {
      if (!line.#whole) return socket.destroy();
      line.#sockets.add(socket.on("close", () => line.#sockets.delete(socket)));
      pipeline(socket, connect(port, hostname), socket, () => {});
    }).listen(0, hostname).unref();
    await once(server, "listening");
    line.origin = `http://${hostname}:${server.address().port}`;
    return line;
  }

  cut() {
    this.#whole = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend() { this.#whole = true; }
}

// What the gallery answers to somebody other than the browser.
async function fetched(path) {
  const response = await fetch(new URL(path, base), { signal: AbortSignal.timeout(STEP_TIMEOUT) });
  return Buffer.from(await response.arrayBuffer());
}

async function posted(path, body) {
  return (await fetch(new URL(path, base), { method: "POST", body, signal: AbortSignal.timeout(STEP_TIMEOUT) })).status;
}

// Asks again until it holds.
async function until(holds) {
  const deadline = performance.now() + STEP_TIMEOUT;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `never came true: ${holds}`);
    await pause(20);
  }
}

const labelled = (pattern) => (action) => pattern.test(action.label);

const drivers = {
  async plain(panel) {
    await panel.call((action) => action.method === "GET");
    assert.equal(await panel.status(), 200);
    assert.equal(await panel.body(), "Hello, world!");
    const got = await panel.headers();
    assert.equal(got["content-type"], "text/plain; charset=utf-8");
    assert.equal(got["content-length"], "13");
    assert.equal(await panel.find(".bytes").innerText(), "13 bytes");

    await panel.call((action) => action.method === "HEAD");
    assert.equal(await panel.status(), 200);
    assert.equal(await panel.body(), "");
    assert.equal(await panel.find(".bytes").innerText(), "0 bytes");
    const headed = await panel.headers();
    assert.equal(headed["content-length"], got["content-length"]);
    assert.equal(headed["content-type"], got["content-type"]);
  },

  async html(panel) {
    await panel.call();
    assert.equal(await panel.status(), 200);
    assert.equal((await panel.headers())["content-type"], "text/html; charset=utf-8");
    const source = await panel.body();
    const [, heading] = /<h1>(.*?)<\/h1>/.exec(source) ?? [];
    assert.ok(heading, `an <h1> in ${source}`);
    assert.equal(await panel.find("iframe").getAttribute("sandbox"), "");
    assert.equal(await panel.section.frameLocator("iframe").locator("h1").textContent(), heading);
    assert.equal(await panel.find("h1").count(), 0, "the body is rendered in the frame and nowhere else");
  },

  async json(panel) {
    await panel.call();
    assert.equal(await panel.status(), 200);
    assert.equal((await panel.headers())["content-type"], "application/json");
    assert.equal(JSON.parse(await panel.body()).hello, "world");
  },

  async "json-custom"(panel) {
    await panel.call();
    assert.equal(await panel.status(), 200);
    const headers = await panel.headers();
    const body = await panel.body();
    assert.match(headers["content-type"], /json/);
    assert.equal(headers["content-length"], String(Buffer.byteLength(body)));
    assert.equal(typeof JSON.parse(body), "object");
  },

  async redirect(panel) {
    await panel.call();
    assert.equal(await panel.status(), 200);
    const led = await panel.table(".redirected");
    assert.equal(led["response.redirected"], "true");
    assert.equal(led["final URL"], `${origin}/redirect/landed`);
    assert.notEqual(await panel.body(), "");
  },

  async cookies(panel) {
    await panel.call(labelled(/\bset\b/i));
    assert.equal(await panel.status(), 200);
    const held = await panel.table(".holds");
    assert.equal(held.flavour, "oat");
    assert.ok(!("session" in held), "an HttpOnly cookie is not the page's to read");
    const seen = await panel.table(".seen");
    assert.equal(seen.flavour, "oat");
    assert.ok(seen.session, "the server gets the HttpOnly cookie back");
    const jar = await panel.context.cookies();
    assert.deepEqual(jar.map(({ name, httpOnly }) => [name, httpOnly]).sort(), [["flavour", false], ["session", true]]);

    await panel.call(labelled(/\bdelete\b/i));
    for (const table of [".holds", ".seen"]) assert.deepEqual(await panel.table(table), { none: "" });
    assert.deepEqual(await panel.context.cookies(), []);
  },

  async status(panel) {
    for (const code of [404, 418, 503, 599]) panel.complaints.add(`status of ${code}`);
    for (const code of [200, 201, 204, 304, 404, 418, 503]) {
      await panel.click(`[data-code="${code}"]`);
      assert.equal(await panel.status(), code);
      if (code === 204 || code === 304) {
        assert.equal(await panel.body(), "");
        assert.equal(await panel.find(".bytes").innerText(), "0 bytes");
      }
    }
    await panel.find("input").fill("599");
    await panel.call();
    assert.equal(await panel.status(), 599);
  },

  async stream(panel) {
    const states = await panel.watch(".body");
    await panel.call();
    assert.equal(await panel.status(), 200);
    assert.equal((await panel.headers())["content-type"], "text/html; charset=utf-8");
    const items = Array.from({ length: 10 }, (_, i) => `<li>${i + 1}</li>`);
    assert.equal(await panel.body(), `<html><body><ul>${items.join("")}</ul></body></html>`);
    for (const text of ["<li>1</li>", "<li>9</li>"]) {
      assert.ok((await states()).some((state) => state.endsWith(text)), `${text} is shown before what follows it`);
    }

    await panel.find('[data-action="0"]').click();
    await panel.find(".chunk").first().waitFor();
    await panel.click('[data-do="stop"]');
    assert.match(await panel.find(".note").innerText(), /^Stopped by you/);
  },

  async download(panel) {
    const name = "Größe – prüfung.txt";
    const href = await panel.find("a.download").getAttribute("href");
    const content = await fetched(href);
    for (const method of ["HEAD", "GET"]) {
      await panel.call((action) => action.method === method);
      assert.equal(await panel.status(), 200);
      assert.equal((await panel.headers())["content-length"], String(content.length));
      assert.equal(await panel.body(), method === "GET" ? content.toString() : "");
      const disposition = await panel.table(".disposition");
      assert.equal(disposition.type, "attachment");
      // The Python face sends what Starlette sends: the name in UTF-8 alone.
      if (gallery.face === "rust") assert.match(disposition.filename, /^[ -~]+\.txt$/, "a name for those that read no other");
      assert.equal(disposition["saved as"], name);
    }
    const [download] = await Promise.all([panel.section.page().waitForEvent("download"), panel.find("a.download").click()]);
    assert.equal(download.suggestedFilename(), name);
    assert.deepEqual(await readFile(await download.path()), content);
  },

  async audio(panel) {
    panel.complaints.add("status of 416");
    const whole = await fetched(panel.spec.src);
    const size = whole.length;
    const slices = { "bytes=0-43": [0, 43], "bytes=80000-89999": [80_000, 89_999], "bytes=-1000": [size - 1000, size - 1] };
    for (const [range, [first, last]] of Object.entries(slices)) {
      await panel.call((action) => action.headers.Range === range);
      assert.equal(await panel.status(), 206);
      const headers = await panel.headers();
      assert.equal(headers["content-range"], `bytes ${first}-${last}/${size}`);
      assert.equal(headers["content-length"], String(last - first + 1));
      assert.equal(await panel.find(".bytes").innerText(), `${(last - first + 1).toLocaleString("en")} bytes`);
    }
    await panel.call(labelled(/two/i));
    assert.equal(await panel.status(), 206);
    assert.match((await panel.headers())["content-type"], /^multipart\/byteranges; boundary=/);
    assert.equal(await panel.find(".slice").first().locator(".positions i").count(), 2);
    await panel.call(labelled(/beyond/i));
    assert.equal(await panel.status(), 416);
    assert.equal((await panel.headers())["content-range"], `bytes */${size}`);

    const player = await panel.find("audio").evaluate(async (audio) => {
      if (audio.readyState < audio.HAVE_METADATA) await new Promise((resolve) => audio.addEventListener("loadedmetadata", resolve, { once: true }));
      const seeked = new Promise((resolve) => audio.addEventListener("seeked", resolve, { once: true }));
      audio.currentTime = audio.duration / 2;
      await seeked;
      const { duration, currentTime, readyState, seekable, error } = audio;
      return { duration, currentTime, readyState, seekable: [seekable.length, seekable.start(0), seekable.end(0)], error: error?.message };
    });
    const duration = (size - 44) / 8000;
    assert.deepEqual(player, { duration, currentTime: duration / 2, readyState: player.readyState, seekable: [1, 0, duration], error: undefined });
    assert.ok(player.readyState >= 2, "there is sound at the place that was sought");
    assert.deepEqual([...new Set(panel.media)], [206], "the player asks for ranges, and gets them");
  },

  async conditional(panel) {
    panel.complaints.add("status of 412");
    await panel.call((action) => !action.headers);
    assert.equal(await panel.status(), 200);
    assert.notEqual(await panel.body(), "");
    const remembered = await panel.table(".remembered");
    assert.match(remembered.ETag, /^"[^"]+"$/, "a strong tag");
    assert.ok(Date.parse(remembered["Last-Modified"]));
    for (const name of ["If-None-Match", "If-Modified-Since"]) {
      await panel.call((action) => action.headers?.[name]);
      assert.equal(await panel.status(), 304);
      assert.equal(await panel.find(".bytes").innerText(), "0 bytes");
      const headers = await panel.headers();
      assert.equal(headers.etag, remembered.ETag);
      assert.ok(!("content-type" in headers) && !("content-length" in headers));
    }
    await panel.call((action) => action.headers?.["If-Match"]);
    assert.equal(await panel.status(), 412);
    assert.equal(await panel.body(), "");
  },

  async events(panel) {
    const calls = panel.listen();
    const states = await panel.watch(".events");
    const ids = ["1", "2", "3", "4", "5", "6"];
    // What would call again after the first 204 would do so during the second run.
    for (const run of [1, 2]) {
      await panel.find('[data-do="start"]').click();
      await panel.settled();
      assert.equal(await panel.find(".status").innerText(), "closed");
      const rows = await panel.find(".event").evaluateAll((all) => all.map(({ dataset }) => [dataset.id, dataset.type]));
      assert.deepEqual(rows, ids.map((id) => [id, id % 2 ? "call" : "response"]));
      const answered = (await calls()).map(({ status, lastEventId }) => [status, lastEventId]);
      assert.deepEqual(answered, Array(run).fill([[200, undefined], [204, "6"]]).flat());
    }
    const first = await panel.find(".event .data").first().innerText();
    const last = await panel.find(".event .data").last().innerText();
    assert.ok((await states()).some((state) => state.includes(first) && !state.includes(last)), "events are shown one by one");
  },

  async chart(panel) {
    const points = async () => Number(await panel.find("svg").getAttribute("data-points"));
    const line = () => panel.find("polyline").getAttribute("points");
    await panel.find('[data-do="start"]').click();
    await until(async () => await points() >= 2);
    const drawn = await line();
    await until(async () => await points() >= 5);
    assert.notEqual(await line(), drawn);
    // An event loop with a coarse clock wakes early now and then.
    assert.match(await panel.find(".value").innerText(), /^-?\d+\.\d\d$/);
    await panel.click('[data-do="stop"]');
    const count = await points();
    assert.equal((await line()).split(" ").length, count);
    assert.match(await panel.find("svg").getAttribute("aria-label"), new RegExp(`last ${count} values`));
  },

  async chat(panel) {
    const { post } = panel.spec;
    const calls = panel.listen();
    const ada = panel;
    const line = await Line.to(new URL(base));
    panel.origins.add(line.origin);
    const bob = new PanelOnPage(await open(panel.context, line.origin), panel.spec);
    const said = []; // in this run: the channel has a history
    const say = async (one, text) => {
      await one.find("input").fill(text);
      await one.find("input").press("Enter");
      await until(async () => await one.find("input").inputValue() === ""); // the message is taken
      said.push(text);
    };
    const run = crypto.randomUUID();
    // Each page has each message of this run once and in order, and no id is missing or there twice.
    const whole = async (...pages) => {
      for (const page of pages) {
        await page.find(".message p").getByText(said.at(-1)).waitFor();
        const texts = await page.find(".message p").allInnerTexts();
        assert.deepEqual(texts.filter((text) => text.endsWith(run)), said);
        assert.equal(await page.find(".tally").innerText(), "0 lost, 0 doubled");
      }
    };

    await ada.find('[data-do="start"]').click();
    await say(ada, `Is somebody there? ${run}`);
    await whole(ada);
    await bob.find('[data-do="start"]').click();
    await whole(bob);
    await say(bob, `I am, "<b>Bob</b>" ${run}`);
    await whole(ada, bob);

    // Bob goes away, and comes back with the id in the query.
    await bob.find('[data-do="drop"]').click();
    await bob.wire("away");
    await say(ada, `Did you hear that? ${run}`);
    await whole(ada, bob);
    const { url } = (await calls()).at(-1);
    assert.match(url, /\?last_event_id=\d+$/);

    // Bob's line is cut, and his browser comes back with the id in the header, which is newer than that in the query.
    panel.complaints.add("net::ERR_");
    const last = await bob.find(".message").last().getAttribute("data-id");
    line.cut();
    await bob.wire("connecting");
    for (const word of ["one", "two", "three"]) await say(ada, `${word} ${run}`);
    await whole(ada);
    line.mend();
    await whole(bob);
    const again = (await calls()).filter((call) => call.url === url && call.status === 200);
    assert.deepEqual(again.map(({ lastEventId }) => lastEventId), [undefined, last]);
    await say(bob, `All of it. ${run}`);
    await whole(ada, bob);

    await bob.click('[data-do="stop"]');
    assert.equal(await posted(post, "{}"), 400);
    assert.equal(await posted(post, JSON.stringify({ text: "x".repeat(10_000) })), 413);
  },
};

test("the page names its face and lists its panels", { timeout: TEST_TIMEOUT }, () => visit(async (page) => {
  assert.equal(await page.locator(".face-name").innerText(), `${gallery.face} ${gallery.version}`);
  const ids = gallery.panels.map(({ id }) => `panel-${id}`);
  assert.deepEqual(await page.locator("main > section").evaluateAll((all) => all.map(({ id }) => id)), ids);
  assert.deepEqual(await page.locator("#index a").evaluateAll((all) => all.map(({ hash }) => hash.slice(1))), ids);
}));

test("the page leads to the other faces", { timeout: TEST_TIMEOUT, skip: !gallery.faces?.length && "there is one face" }, () => visit(async (page) => {
  for (const { name, url } of gallery.faces.filter(({ name }) => name !== gallery.face)) {
    assert.notEqual(new URL(url).origin, origin);
    const { face } = await (await fetch(new URL("/panels.json", url), { signal: AbortSignal.timeout(STEP_TIMEOUT) })).json();
    assert.equal(face, name);
    assert.equal(await page.locator(`a[data-face="${name}"]`).getAttribute("href"), url);
  }
  assert.equal(await page.locator("a[data-face][aria-current]").innerText(), gallery.face);
}));

test("every driver has its panel", () => {
  const ids = new Set(gallery.panels.map(({ id }) => id));
  assert.deepEqual(Object.keys(drivers).filter((id) => !ids.has(id)), []);
});

for (const spec of gallery.panels) {
  test(`panel ${spec.id}`, { timeout: TEST_TIMEOUT }, () => {
    const drive = drivers[spec.id];
    assert.ok(drive, `the panel "${spec.id}" has no driver in this test: add one`);
    return visit((page, extras) => drive(new PanelOnPage(page, spec, extras)));
  });
}
