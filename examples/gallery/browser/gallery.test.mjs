// Drives the gallery page in Chromium, panel by panel, against a running gallery.
//
//   GALLERY_URL=http://127.0.0.1:8000 node --test

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { pipeline } from "node:stream";
import { test } from "node:test";
import { base, face, fetched, open, origin, PanelOnPage, panels, posted, STEP_TIMEOUT, TEST_TIMEOUT, until, visit } from "./page.mjs";

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

// The lines of an answer as they come over the line.
async function bytesOf(path) {
  const { host, hostname, port } = new URL(base);
  const socket = connect(port, hostname);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  let answer = "";
  for await (const piece of socket.setEncoding("latin1")) answer += piece;
  return answer.trimEnd().split("\r\n");
}

// The first event of a stream.
async function firstOf(path) {
  const { body } = await fetch(new URL(path, base), { signal: AbortSignal.timeout(STEP_TIMEOUT) });
  let text = "";
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (/\n\n$|\r\n\r\n$/.test(text) && text.includes("event:")) break;
  }
  return text.replaceAll("\r\n", "\n");
}

const drivers = {
  async plain(panel) {
    await panel.call("GET");
    assert.equal(await panel.status(), 200);
    assert.equal(await panel.body(), "Hello, world!");
    const got = await panel.headers();
    assert.equal(got["content-type"], "text/plain; charset=utf-8");
    assert.equal(got["content-length"], "13");
    assert.equal(await panel.find(".bytes").innerText(), "13 bytes");

    await panel.call("HEAD");
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

  async response(panel) {
    await panel.call();
    assert.equal(await panel.status(), 200);
    assert.equal((await panel.headers())["content-type"], "image/svg+xml");
    assert.equal(await panel.body(), (await fetched("/response")).toString());
    await until(() => panel.find("img").evaluate((image) => image.complete && image.naturalHeight === 90));
  },

  async json(panel) {
    await panel.call();
    assert.equal(await panel.status(), 200);
    assert.equal((await panel.headers())["content-type"], "application/json");
    assert.equal(JSON.parse(await panel.body()).hello, "world");
  },

  async custom_json(panel) {
    await panel.call();
    assert.equal(await panel.status(), 200);
    const headers = await panel.headers();
    const body = await panel.body();
    assert.match(headers["content-type"], /json/);
    assert.equal(headers["content-length"], String(Buffer.byteLength(body)));
    assert.equal(typeof JSON.parse(body), "object");
  },

  async json_lines(panel) {
    await panel.call();
    assert.equal(await panel.status(), 200);
    assert.equal((await panel.headers())["content-type"], "application/jsonl");
    const lines = (await panel.body()).trimEnd().split("\n").map((row) => JSON.parse(row));
    assert.deepEqual(lines, [1, 2, 3, 4, 5].map((number) => ({ number, square: number * number })));
    assert.equal(await panel.find(".chunk").count(), lines.length, "each comes when it is there");
  },

  async compressed(panel) {
    await panel.call();
    assert.equal(await panel.status(), 200);
    const headers = await panel.headers();
    assert.equal(headers["content-encoding"], "gzip");
    assert.equal(headers.vary, "Accept-Encoding");
    const data = (await panel.body()).split(/\r?\n/).filter((row) => row.startsWith("data: "));
    assert.deepEqual(data.map((row) => JSON.parse(row.slice(6)).beat), [...Array(30).keys()]);
    assert.ok(await panel.find(".chunk").count() >= 20, "events come one by one, though they are compressed");
    const saved = await panel.table(".saved");
    assert.ok(Number(saved.sent) * 2 < Number(saved["once decoded"]), `${saved.sent} of ${saved["once decoded"]}`);
    assert.match(saved.saved, /^[5-9]\d %$/);
    // The browser's own client of events reads them, too, each when it comes.
    const heard = await panel.section.page().evaluate(() => new Promise((resolve) => {
      const source = new EventSource("/compressed");
      const times = [];
      source.addEventListener("note", ({ data }) => {
        times.push([performance.now(), JSON.parse(data).beat]);
        if (times.length === 20) { source.close(); resolve(times); }
      });
      source.addEventListener("error", () => resolve(times));
    }));
    assert.deepEqual(heard.map(([, beat]) => beat), [...Array(20).keys()]);
    assert.ok(heard.at(-1)[0] - heard[0][0] > 500, "they do not come in one block");
  },

  async redirect(panel) {
    await panel.call();
    assert.equal(await panel.find(".status").innerText(), "307 Temporary Redirect, then 200 OK");
    // What stands there is what anybody gets who asks for it.
    const head = (await panel.find(".head").textContent()).split("\r\n");
    assert.equal(head[0], "HTTP/1.1 307 Temporary Redirect");
    const undated = (lines) => lines.filter((field) => !field.startsWith("date:")).sort();
    assert.deepEqual(undated(head), undated(await bytesOf("/redirect")));
    assert.ok(head.includes("location: /redirect/landed"));
    const led = await panel.table(".redirected");
    assert.equal(led.redirected, "true");
    assert.equal(led.url, `${origin}/redirect/landed`);
    assert.notEqual(await panel.body(), "");
  },

  async cookies(panel) {
    await panel.call("Set");
    assert.equal(await panel.status(), 200);
    const held = await panel.table(".holds");
    assert.equal(held.flavour, "oat");
    assert.ok(!("session" in held), "an HttpOnly cookie is not the page's to read");
    const seen = await panel.table(".seen");
    assert.equal(seen.flavour, "oat");
    assert.ok(seen.session, "the server gets the HttpOnly cookie back");
    const jar = await panel.context.cookies();
    assert.deepEqual(jar.map(({ name, httpOnly }) => [name, httpOnly]).sort(), [["flavour", false], ["session", true]]);

    await panel.call("Delete");
    for (const table of [".holds", ".seen"]) assert.deepEqual(await panel.table(table), { none: "" });
    assert.deepEqual(await panel.context.cookies(), []);
  },

  async status(panel) {
    for (const code of [404, 418, 503, 599]) panel.complaints.add(`status of ${code}`);
    for (const code of [200, 201, 204, 304, 404, 418, 503]) {
      await panel.click(`button[value="${code}"]`);
      assert.equal(await panel.status(), code);
      if (code === 204 || code === 304) {
        assert.equal(await panel.body(), "");
        assert.equal(await panel.find(".bytes").innerText(), "0 bytes");
      }
    }
    await panel.find("input").fill("599");
    await panel.call("Send");
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

    await panel.press();
    await panel.find(".chunk").first().waitFor();
    await panel.click('[data-do="stop"]');
    assert.match(await panel.find(".note").innerText(), /^Stopped by you/);
  },

  async download(panel) {
    const name = "Größe – prüfung.txt";
    const href = await panel.find("a.download").getAttribute("href");
    const content = await fetched(href);
    for (const method of ["HEAD", "GET"]) {
      await panel.call(method);
      assert.equal(await panel.status(), 200);
      assert.equal((await panel.headers())["content-length"], String(content.length));
      assert.equal(await panel.body(), method === "GET" ? content.toString() : "");
      const disposition = await panel.table(".disposition");
      assert.equal(disposition.type, "attachment");
      // The Python face sends what Starlette sends: the name in UTF-8 alone.
      if (face === "Rust") assert.match(disposition.filename, /^[ -~]+\.txt$/, "a name for those that read no other");
      assert.equal(disposition["saved as"], name);
    }
    const [download] = await Promise.all([panel.section.page().waitForEvent("download"), panel.find("a.download").click()]);
    assert.equal(download.suggestedFilename(), name);
    assert.deepEqual(await readFile(await download.path()), content);
  },

  async audio(panel) {
    panel.complaints.add("status of 416");
    const whole = await fetched("/audio");
    const size = whole.length;
    const slices = { "bytes=0-43": [0, 43], "bytes=80000-89999": [80_000, 89_999], "bytes=-1000": [size - 1000, size - 1] };
    for (const [range, [first, last]] of Object.entries(slices)) {
      await panel.call(`Range: ${range}`);
      assert.equal(await panel.status(), 206);
      const headers = await panel.headers();
      assert.equal(headers["content-range"], `bytes ${first}-${last}/${size}`);
      assert.equal(headers["content-length"], String(last - first + 1));
      assert.equal(await panel.find(".bytes").innerText(), `${(last - first + 1).toLocaleString("en")} bytes`);
    }
    await panel.call("Two");
    assert.equal(await panel.status(), 206);
    assert.match((await panel.headers())["content-type"], /^multipart\/byteranges; boundary=/);
    assert.equal(await panel.find(".slice").first().locator(".positions i").count(), 2);
    await panel.call("Beyond");
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

  async object(panel) {
    const whole = (await fetched("/object")).toString();
    await panel.call("Load");
    assert.equal(await panel.status(), 200);
    assert.equal(await panel.body(), whole);
    const { etag } = await panel.table(".remembered");
    assert.match(etag, /^"[^"]+"$/, "a strong tag");
    await panel.call("bytes=0-13");
    assert.equal(await panel.status(), 206);
    assert.equal(await panel.body(), "line 1\nline 2\n");
    assert.equal((await panel.headers())["content-range"], `bytes 0-13/${whole.length}`);
    await panel.call("Two slices");
    assert.equal(await panel.status(), 206);
    assert.match((await panel.headers())["content-type"], /^multipart\/byteranges; boundary=/);
    await panel.call("Resume");
    assert.equal(await panel.status(), 206);
    assert.equal(await panel.body(), whole.slice(8883));
    await panel.call("If-None-Match");
    assert.equal(await panel.status(), 304);
    assert.equal((await panel.headers()).etag, etag);
  },

  async conditional(panel) {
    panel.complaints.add("status of 412");
    await panel.call("Load");
    assert.equal(await panel.status(), 200);
    assert.notEqual(await panel.body(), "");
    const remembered = await panel.table(".remembered");
    assert.match(remembered.etag, /^"[^"]+"$/, "a strong tag");
    assert.ok(Date.parse(remembered["last-modified"]));
    for (const name of ["If-None-Match", "If-Modified-Since"]) {
      await panel.call(name);
      assert.equal(await panel.status(), 304);
      assert.equal(await panel.find(".bytes").innerText(), "0 bytes");
      const headers = await panel.headers();
      assert.equal(headers.etag, remembered.etag);
      assert.ok(!("content-type" in headers) && !("content-length" in headers));
    }
    await panel.call("If-Match");
    assert.equal(await panel.status(), 412);
    assert.equal(await panel.body(), "");
  },

  async directory(panel) {
    panel.complaints.add("status of 404");
    await panel.call("Load");
    assert.equal(await panel.status(), 200);
    assert.match(await panel.body(), /^An antiphon is the sung answer[^]*Größe und Maß/);
    const headers = await panel.headers();
    assert.equal(headers["content-encoding"], "gzip");
    assert.equal(headers.vary, "Accept-Encoding");
    assert.equal(headers["content-type"], "text/plain; charset=utf-8");
    assert.equal(headers["cache-control"], "no-cache");
    assert.match(headers.etag, /^"[^"]+-gzip"$/);
    for (const call of ["Miss", "Leave"]) {
      await panel.call(call);
      assert.equal(await panel.status(), 404);
      assert.equal(await panel.body(), "Not Found");
    }
  },

  async events(panel) {
    const calls = panel.listen();
    const states = await panel.watch(".events");
    const ids = ["1", "2", "3", "4", "5", "6"];
    // What would call again after the first 204 would do so during the second run.
    for (const run of [1, 2]) {
      await panel.press();
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
    await panel.press();
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
    assert.equal(await panel.find('[data-do="hop"]').count(), 0, "there is one node");
    const calls = panel.listen();
    const ada = panel;
    const line = await Line.to(new URL(base));
    panel.origins.add(line.origin);
    const bob = new PanelOnPage(await open(panel.context, line.origin), panel.id);
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

    // Ids from before a restart, or from nowhere, lead to no wrong place.
    for (const id of ["7", "00000000-7"]) assert.match(await firstOf(`/chat?last_event_id=${id}`), /^event: resync$/m);

    await ada.press();
    await say(ada, `Is somebody there? ${run}`);
    await whole(ada);
    await bob.press();
    await whole(bob);
    await say(bob, `I am, "<b>Bob</b>" ${run}`);
    await whole(ada, bob);

    // Bob goes away, and comes back with the id in the query.
    await bob.find('[data-do="drop"]').click();
    await bob.wire("away");
    await say(ada, `Did you hear that? ${run}`);
    await whole(ada, bob);
    const { url } = (await calls()).at(-1);
    assert.match(url, /\?last_event_id=\w+-\d+$/);

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

    // The server has been started anew: its ids begin with something else, and Bob is told that he has missed something.
    await panel.context.route(`${line.origin}/chat*`, (route) => route.fulfill({
      contentType: "text/event-stream", body: "retry: 100000\nevent: resync\nid: 00000000-0\ndata:\n\n",
    }));
    await bob.find('[data-do="drop"]').click();
    await bob.find(".missed").waitFor();
    assert.equal(await bob.find(".tally").innerText(), "0 lost, 0 doubled");

    await bob.click('[data-do="stop"]');
    assert.equal(await posted("/chat", "{}"), 400);
    assert.equal(await posted("/chat", JSON.stringify({ text: "x".repeat(10_000) })), 413);
  },
};

test("every panel has its driver, and every driver its panel", () => {
  assert.deepEqual(Object.keys(drivers).sort(), [...panels].sort());
});

for (const id of panels) {
  test(`panel ${id}`, { timeout: TEST_TIMEOUT }, () => visit((page, extras) => drivers[id](new PanelOnPage(page, id, extras))));
}
