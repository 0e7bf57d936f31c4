// Drives the gallery by TLS: more event streams than a browser has connections by HTTP/1.1.
//
//   GALLERY_URL=https://127.0.0.1:8000 node --test tls.mjs

import assert from "node:assert/strict";
import { test } from "node:test";
import { chromium } from "playwright-core";

const STREAMS = 10;
const TIMEOUT = 20_000;

test("ten event streams are open at a time, by one connection", { timeout: TIMEOUT }, async () => {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  });
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await page.goto(process.env.GALLERY_URL);
    const text = crypto.randomUUID();
    const heard = await page.evaluate(async ({ streams, text }) => {
      const sources = Array.from({ length: streams }, (_, number) => new EventSource(`/chat?stream=${number}`));
      await Promise.all(sources.map((source) => new Promise((resolve) => source.addEventListener("open", resolve))));
      const hearing = sources.map((source) => new Promise((resolve) => {
        source.addEventListener("message", ({ data }) => JSON.parse(data).text === text && resolve(source.readyState));
      }));
      const { status } = await fetch("/chat", { method: "POST", body: JSON.stringify({ text }) });
      const states = await Promise.all(hearing);
      for (const source of sources) source.close();
      const [{ nextHopProtocol }] = performance.getEntriesByType("navigation");
      return { status, states, nextHopProtocol };
    }, { streams: STREAMS, text });
    assert.deepEqual(heard, { status: 204, states: Array(STREAMS).fill(1), nextHopProtocol: "h2" });
  } finally {
    await browser.close();
  }
});
