// A panel: it sends one request and shows what comes back as it comes.

import { el, fillTable, makeTable, ms, plural } from "./dom.js";

const SHOWN_LIMIT = 100_000; // characters: more than this makes the page slow and nobody wiser

// Whether a body is to be shown as text. Types that do not say are judged by their first bytes.
function isText(type, firstBytes) {
  if (/^(text\/|application\/(.*\+)?(json|xml|javascript|x-www-form-urlencoded|x-ndjson))/.test(type)) return true;
  if (type && !type.startsWith("multipart/")) return type === "image/svg+xml";
  return !firstBytes.some((byte) => byte < 9);
}

function decoderFor(type) {
  const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(type)?.[1] ?? "utf-8";
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder(); // a charset the browser has not heard of
  }
}

export class Panel {
  // Views listen here; all may be replaced.
  onCall = (request) => this.run(request);
  onStart = () => {};
  onResponse = () => {};
  onChunk = () => {};
  onEnd = () => {};

  // What shows the panel's state elsewhere on the page.
  markers = [];

  constructor(section) {
    this.section = section;
    this.title = section.querySelector("h2").textContent;
    this.calls = section.querySelector(".calls");
    this.status = el("p", { class: "status" });
    this.note = el("p", { class: "note" });
    this.response = el("div", { class: "response" },
      el("h3", { class: "rubric" }, el("i", { "aria-hidden": "true" }, "R"), " Response"),
      el("div", { class: "outcome", "aria-live": "polite" }, this.status, this.note));
    this.calls.after(this.response);
    this.calls.addEventListener("submit", (event) => {
      event.preventDefault();
      this.onCall(requestOf(event.target, event.submitter));
    });
    this.setState("idle");
  }

  setState(state) {
    this.section.dataset.state = state;
    for (const marker of this.markers) marker.dataset.state = state;
  }

  say(text) { this.note.textContent = text; }

  fail(text) {
    this.say(text);
    this.setState("failed");
  }

  // The parts of an answer. They stay hidden until the first call.
  addExchange() {
    this.request = el("span", { class: "request wire" });
    this.bytes = el("span", { class: "bytes" });
    this.elapsed = el("span", { class: "elapsed" });
    this.headers = makeTable("headers", "Headers");
    this.body = el("pre", { class: "body", tabindex: "0", role: "region", "aria-label": `Body of ${this.title}` });
    this.exchange = el("div", { class: "exchange", hidden: true },
      el("p", { class: "meta" }, this.request, this.bytes, this.elapsed), this.headers, this.body);
    this.response.append(this.exchange);
  }

  addExtra(...nodes) {
    const extra = el("div", { class: "extra" }, ...nodes);
    this.response.append(extra);
    return extra;
  }

  clear() {
    this.status.textContent = "";
    this.say("");
    for (const part of [this.request, this.bytes, this.elapsed, this.body]) part.textContent = "";
    fillTable(this.headers, []);
    this.headers.hidden = true;
    this.exchange.hidden = false;
  }

  // Sends one request and shows the answer as it arrives. Resolves to what was learnt, or null when the call did not
  // come to its end. A newer call takes the panel over from an older one.
  async run(request) {
    const { method, path, headers } = request;
    this.abort?.abort("superseded");
    const abort = this.abort = new AbortController();
    const result = { request, response: null, text: "", bytes: 0, complete: false };
    this.clear();
    this.request.textContent = `${method} ${path}`;
    this.setState("busy");
    this.onStart();
    const started = performance.now();
    const since = () => performance.now() - started;
    try {
      // The gallery is about what servers say, so the browser's own cache stays out of it.
      const response = result.response = await fetch(path, { method, headers, cache: "no-store", signal: abort.signal });
      this.showHead(response, since());
      this.onResponse(result);
      if (response.body) await this.readBody(result, abort.signal, since);
      this.bytes.textContent = plural(result.bytes, "byte") + (response.headers.has("content-encoding") ? " once decoded" : "");
      this.elapsed.textContent = ms(since());
      result.complete = true;
      await this.onEnd(result);
      if (abort.signal.aborted) return null;
      this.setState("done");
      return result;
    } catch (error) {
      if (abort.signal.reason === "superseded") return null;
      this.elapsed.textContent = ms(since());
      if (abort.signal.reason === "stopped") {
        this.say(`Stopped by you after ${plural(result.bytes, "byte")}.`);
        this.setState("done");
      } else this.fail(this.explain(error, result));
      return null;
    }
  }

  explain(error, { response, bytes, complete }) {
    if (complete) return `The answer came whole, but what the panel asked next failed: ${error.message}.`;
    if (!response) return `No answer came: the connection failed before a status line (${error.message}).`;
    const length = response.headers.get("content-length");
    const promised = length !== null && !response.headers.has("content-encoding") ? ` of the ${length} promised` : "";
    return `The connection was cut in the body, after ${plural(bytes, "byte")}${promised} (${error.message}).`;
  }

  showHead(response, after) {
    this.status.textContent = `${response.status} ${response.statusText}`.trim();
    this.status.dataset.class = String(response.status)[0];
    this.elapsed.textContent = `headers after ${ms(after)}`;
    fillTable(this.headers, [...response.headers]);
    this.headers.hidden = false;
  }

  async readBody(result, signal, since) {
    const reader = result.response.body.getReader();
    const type = (result.response.headers.get("content-type") ?? "").trim().toLowerCase();
    const decoder = decoderFor(type);
    let text = null;
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (!done) {
        result.bytes += value.length;
        this.bytes.textContent = plural(result.bytes, "byte");
        text ??= isText(type, value.subarray(0, 512));
      }
      const piece = text ? decoder.decode(value, { stream: !done }) : "";
      if (text) {
        const room = SHOWN_LIMIT - result.text.length;
        if (piece && room > 0) {
          result.text += piece.slice(0, room);
          this.body.append(piece.slice(0, room));
          if (piece.length >= room) this.body.append("\n(the rest is not shown)");
        }
      } else if (text === false) this.body.textContent = `${plural(result.bytes, "byte")} of ${type.split(";")[0] || "unnamed type"}`;
      if (done) return;
      this.onChunk({ value, piece, at: since(), result });
    }
  }
}

// What a form asks for. Its button says the request: the line, and a header field if there is one. Without a request on
// the button it is what the browser itself would ask for.
function requestOf(form, button) {
  const [line, ...fields] = (button.querySelector("code")?.textContent ?? `GET ${form.getAttribute("action")}`).split("\n");
  const [method, path] = line.split(" ");
  const query = new URLSearchParams(new FormData(form, button));
  return {
    form, method,
    path: query.size ? `${path}?${query}` : path,
    headers: Object.fromEntries(fields.map((field) => field.split(/: (.*)/).slice(0, 2))),
    label: button.firstChild.textContent.trim(),
  };
}
