// What is particular to each kind of panel: what it shows besides the answer, and how it calls.

import { addRow, el, fillTable, LIST_LIMIT, makeTable, note, plural, svg } from "./dom.js";
import { addHops } from "./hops.js";
import { addStop, addWire } from "./wire.js";

export const VIEWS = {
  exchange(panel) {
    panel.addExchange();
  },

  html(panel) {
    const frame = el("iframe", { sandbox: "", title: `${panel.title}, rendered` });
    addRendering(panel, frame, (text) => { frame.srcdoc = text; });
  },

  picture(panel) {
    const picture = el("img", { alt: `${panel.title}, drawn` });
    addRendering(panel, picture, (text, type) => { picture.src = `data:${type},${encodeURIComponent(text)}`; });
  },

  redirect(panel) {
    panel.addExchange();
    const head = el("pre", { class: "head" });
    const first = el("figure", { hidden: true }, el("figcaption", {}, "The redirect, as this server sent it"), head);
    const table = makeTable("redirected", "Where it led");
    panel.exchange.prepend(first);
    panel.exchange.insertBefore(table, panel.headers);
    panel.onStart = () => { first.hidden = true; fillTable(table, []); };
    panel.onResponse = ({ response }) => fillTable(table, [["redirected", response.redirected], ["url", response.url]]);
    panel.onEnd = async () => {
      head.textContent = (await (await ask("/recorded")).text()).trimEnd();
      first.hidden = false;
      const [, status] = /^HTTP\/1\.1 (.*)/.exec(head.textContent) ?? [];
      panel.status.textContent = `${status}, then ${panel.status.textContent}`;
    };
  },

  cookies(panel) {
    panel.addExchange();
    const holds = makeTable("holds", "What the browser holds (document.cookie)");
    const seen = makeTable("seen", "What the server saw");
    const extra = panel.addExtra(holds, seen);
    extra.hidden = true;
    panel.onEnd = async () => {
      const held = document.cookie ? document.cookie.split("; ").map((pair) => pair.split(/=(.*)/s).slice(0, 2)) : [];
      fillTable(holds, held.length ? held : [["none", ""]]);
      const cookies = Object.entries(await (await ask("/cookies/seen")).json());
      fillTable(seen, cookies.length ? cookies : [["none", ""]]);
      extra.hidden = false;
    };
  },

  download(panel) {
    panel.addExchange();
    const table = makeTable("disposition", "Content-Disposition, decoded");
    panel.exchange.insertBefore(table, panel.headers);
    panel.onStart = () => fillTable(table, []);
    panel.onResponse = ({ response }) => fillTable(table, decodeDisposition(response.headers.get("content-disposition")));
  },

  media(panel) {
    const player = el("audio", { controls: true, preload: "metadata", src: "/audio", "aria-label": panel.title });
    player.addEventListener("error", () => panel.fail("The browser could not play the sound."));
    const slices = el("ol", { class: "list slices", "aria-label": "Ranges asked for" });
    panel.response.append(player, slices);
    panel.addExchange();
    let parts = "";
    panel.onStart = () => { parts = ""; };
    panel.onChunk = ({ value, result }) => {
      // Only an answer of several ranges keeps its positions in the body; its part headers are ASCII.
      if (result.response.headers.get("content-type")?.startsWith("multipart/byteranges")) parts += new TextDecoder("latin1").decode(value);
    };
    panel.onEnd = ({ request, response, bytes }) => slices.prepend(drawSlice(request, response, bytes, parts));
  },

  // What a call sends back, it has from the first answer: `{etag}` stands for the ETag.
  conditional(panel) {
    const remembered = makeTable("remembered", "Remembered from the first answer");
    const validators = {};
    const fill = (text) => text.replace(/\{([a-z-]+)\}/g, (_, name) => validators[name]);
    panel.addExchange();
    const extra = panel.addExtra(remembered);
    extra.hidden = true;
    panel.onCall = async (request) => {
      const fields = Object.entries(request.headers);
      // Somebody may reload first; then the page loads first.
      if (fields.length && !validators.etag && !(await panel.run({ ...request, headers: {} }))) return;
      await panel.run({ ...request, headers: Object.fromEntries(fields.map(([name, value]) => [name, fill(value)])) });
    };
    panel.onResponse = ({ request, response }) => {
      if (Object.keys(request.headers).length) return;
      for (const name of ["etag", "last-modified"]) validators[name] = response.headers.get(name);
      fillTable(remembered, Object.entries(validators));
      extra.hidden = false;
    };
  },

  stream(panel) {
    panel.onCall = async (request) => {
      await panel.run(request);
      // Still busy means that a newer call has taken the panel over.
      stop.disabled = panel.section.dataset.state !== "busy";
    };
    panel.addExchange();
    const stop = el("button", { type: "button", "data-do": "stop", disabled: true, onclick: () => panel.abort.abort("stopped") }, "Stop");
    panel.calls.append(el("div", { class: "row" }, stop));
    // Along the stave is time, from the call on the left to the last chunk on the right; upwards is size.
    const stave = el("div", { class: "stave", "aria-hidden": "true" });
    const chunks = el("ol", { class: "list chunks", "aria-label": "Chunks as they arrived" });
    panel.exchange.insertBefore(el("div", {}, stave, chunks), panel.body);
    panel.body.before(el("p", { class: "meta together" }, "All together"));
    let notes = [];
    panel.onStart = () => {
      notes = [];
      stave.replaceChildren();
      chunks.replaceChildren();
      stop.disabled = false;
    };
    panel.onChunk = ({ value, piece, at }) => {
      addRow(chunks, el("li", { class: "chunk", "data-at": Math.round(at) },
        piece.length > 80 ? `${piece.slice(0, 80)}…` : piece || plural(value.length, "byte"), el("small", {}, `${Math.round(at)} ms`)));
      const mark = note("sung");
      stave.append(mark);
      notes.push({ mark, at, size: value.length });
      if (notes.length > LIST_LIMIT) notes.shift().mark.remove();
      const largest = Math.max(...notes.map(({ size }) => size));
      for (const one of notes) {
        one.mark.style.left = `${(one.at / at) * 96 + 2}%`;
        one.mark.style.top = `${30 - (one.size / largest) * 30}px`;
      }
    };
  },

  // A stream, and how many bytes of it there were on the wire: what only the browser knows, and not before the end.
  saved(panel) {
    VIEWS.stream(panel);
    const table = makeTable("saved", "Bytes, as the browser counts them");
    panel.exchange.insertBefore(table, panel.headers);
    table.hidden = true;
    const chunks = panel.exchange.querySelector(".chunks");
    const place = chunks.parentElement;
    place.append(scroll("Chunks", chunks));
    const begin = panel.onStart;
    panel.onStart = () => { table.hidden = true; performance.clearResourceTimings(); begin(); };
    panel.onEnd = async ({ request }) => {
      const timing = await timingOf(new URL(request.path, location.href).href);
      const { encodedBodySize: sent, decodedBodySize: decoded } = timing;
      fillTable(table, [["sent", sent], ["once decoded", decoded], ["saved", `${Math.round((1 - sent / decoded) * 100)} %`]]);
      table.hidden = false;
    };
  },

  events(panel) {
    let started = 0;
    const rows = el("ol", { class: "list events" });
    const wire = addWire(panel, (event) => addRow(rows, el("li", { class: "event", "data-id": event.lastEventId, "data-type": event.type },
      el("span", { class: "id" }, event.lastEventId || "no id"), el("span", { class: "type" }, event.type),
      el("span", { class: "data" }, event.data), el("span", { class: "at" }, `${Math.round(performance.now() - started)} ms`))),
      { events: ["call", "response"], ends: true });
    addStop(panel, wire, { reset: () => { started = performance.now(); rows.replaceChildren(); } });
    panel.response.append(wire.line, scroll("Events", rows));
  },

  chart(panel) {
    const WIDTH = 600, HEIGHT = 160, KEPT = 60;
    let values = [];
    const value = el("p", { class: "value" }, "–");
    const drawing = svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": "No values yet", "data-points": 0 });
    for (const i of [0, 1, 2, 3]) drawing.append(svg("line", { x1: 0, x2: WIDTH, y1: (i * HEIGHT) / 3, y2: (i * HEIGHT) / 3 }));
    const line = drawing.appendChild(svg("polyline"));
    const span = el("p", { class: "meta" });
    const draw = () => {
      const low = Math.min(...values), high = Math.max(...values);
      const y = (v) => HEIGHT - ((v - low) / (high - low || 1)) * HEIGHT;
      line.setAttribute("points", values.map((v, i) => `${(WIDTH * (KEPT - values.length + i)) / (KEPT - 1)},${y(v).toFixed(1)}`).join(" "));
      drawing.dataset.points = values.length;
      if (!values.length) return;
      const last = values.at(-1).toFixed(2);
      value.textContent = last;
      span.textContent = `last ${plural(values.length, "value")}, from ${low.toFixed(2)} to ${high.toFixed(2)}`;
      drawing.setAttribute("aria-label", `Line chart of the ${span.textContent}; now ${last}`);
    };
    const wire = addWire(panel, (event) => {
      let v;
      try {
        v = JSON.parse(event.data).v;
      } catch {
        v = undefined;
      }
      if (!Number.isFinite(v)) return panel.say(`Not a value: ${event.data}`);
      values = [...values, v].slice(-KEPT);
      draw();
    });
    addStop(panel, wire, { reset: () => { values = []; draw(); } });
    panel.response.append(wire.line, value, drawing, span);
  },

  chat(panel) {
    const AWAY = 1000; // long enough for a message to be missed, if the server lets it be
    const nodes = panel.section.dataset.nodes.split(" ").filter(Boolean); // where the chat is the same
    const shared = nodes.length > 0;
    let url, arrived = [], lastId = null, timer = 0;
    const messages = el("ol", { class: "list messages" });
    const tally = el("p", { class: "tally", "aria-live": "polite" });
    const count = () => {
      const distinct = new Set(arrived);
      const expected = arrived.length && !shared ? Math.max(...arrived) - Math.min(...arrived) + 1 : 0;
      tally.textContent = `${shared ? plural(distinct.size, "message") : `${expected - distinct.size} lost`}, ${arrived.length - distinct.size} doubled`;
    };
    // An id is the number of the message, and before it what tells this run of the server from others. Redis has times.
    const wire = addWire(panel, ({ type, data, lastEventId }) => {
      lastId = lastEventId || lastId;
      if (type === "resync") {
        arrived = [];
        addRow(messages, el("li", { class: "message missed" }, el("span"), el("p", {}, "The server no longer has what came after the last message here.")));
        return count();
      }
      const number = Number(lastEventId.split("-").at(-1));
      arrived.push(shared ? lastEventId : number);
      addRow(messages, el("li", { class: "message", "data-id": lastEventId }, el("span", {}, shared ? arrived.length : number), el("p", {}, JSON.parse(data).text)));
      count();
    }, { events: ["resync"] });
    const drop = el("button", { type: "button", "data-do": "drop", onclick: () => {
      wire.close("away");
      panel.say("Dropped by you. Calling again in a moment, with the last id that arrived.");
      clearTimeout(timer);
      timer = setTimeout(() => {
        wire.count += 1;
        wire.open(lastId === null ? url : `${url}?${new URLSearchParams({ last_event_id: lastId })}`);
      }, AWAY);
    } }, "Drop the connection");
    addStop(panel, wire, {
      label: "Leave",
      more: [drop],
      reset: () => { arrived = []; lastId = null; messages.replaceChildren(); count(); },
      toggle: (on) => { clearTimeout(timer); drop.disabled = !on; },
    });
    const join = panel.onCall;
    panel.onCall = (request) => {
      if (request.form.dataset.say) return say(request.form);
      url = request.path;
      join(request);
    };
    async function say(form) {
      const input = form.elements.text;
      const text = input.value;
      try {
        await ask(form.dataset.say, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ text }) });
        if (input.value === text) input.value = ""; // else the next message is being typed
      } catch (error) {
        panel.say(`The message was not taken: ${error.message}.`);
      }
    }
    panel.response.append(wire.line, scroll("Messages", messages), tally);
    if (nodes.length > 1) addHops(panel, nodes);
    count();
  },
};

// A list that grows: what comes is told to those who do not see it, and the keyboard can scroll it.
const scroll = (name, list) => el("div", { class: "scroll", role: "log", tabindex: "0", "aria-label": name }, list);

// What the answer looks like, below the answer.
function addRendering(panel, node, render) {
  panel.addExchange();
  const extra = panel.addExtra(node);
  extra.hidden = true;
  panel.onStart = () => { extra.hidden = true; };
  panel.onEnd = ({ text, response }) => {
    render(text, response.headers.get("content-type"));
    extra.hidden = false;
  };
}

async function ask(path, options = {}) {
  const answer = await fetch(path, { cache: "no-store", ...options });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return answer;
}

// The parameters of a Content-Disposition header, as written and as meant. filename* (RFC 8187) wins over filename.
function decodeDisposition(value) {
  if (value === null) return [["header", "absent"]];
  const rows = [["type", value.split(";")[0].trim()]];
  let plain = null, extended = null;
  for (const [, name, raw] of value.matchAll(/;\s*([^=;\s]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)/g)) {
    const text = raw.trim().replace(/^"([^]*)"$/, "$1").replace(/\\(.)/g, "$1");
    rows.push([name, text]);
    if (name.toLowerCase() === "filename") plain = text;
    if (name.toLowerCase() === "filename*") extended = decodeExtended(text);
  }
  return [...rows, ["saved as", extended ?? plain ?? "a name of the browser's choosing"]];
}

function decodeExtended(text) {
  const [charset, , encoded = ""] = text.split("'");
  try {
    return charset.toLowerCase() === "utf-8" ? decodeURIComponent(encoded)
      : encoded.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  } catch {
    return null; // broken percent-encoding: browsers fall back to filename
  }
}

// One answered range: what was asked, what was said, and where its bytes lie in the whole.
function drawSlice(request, response, bytes, parts) {
  const header = response.headers.get("content-range");
  const places = [...`Content-Range: ${header}\n${parts}`.matchAll(/content-range:\s*bytes (\d+)-(\d+)\/(\d+)/gi)]
    .map(([, first, last, total]) => ({ first: Number(first), last: Number(last), total: Number(total) }));
  if (response.status === 200) places.push({ first: 0, last: bytes - 1, total: bytes });
  const said = header ?? (places.map(({ first, last, total }) => `bytes ${first}-${last}/${total}`).join(", ") || "no bytes");
  return el("li", { class: "slice", "data-status": response.status },
    `${request.label}: ${response.status}, ${said}`,
    el("div", { class: "positions", "aria-hidden": "true" }, ...places.map(({ first, last, total }) => {
      const place = el("i");
      place.style.left = `${(first / total) * 100}%`;
      place.style.width = `${((last - first + 1) / total) * 100}%`;
      return place;
    })));
}

// What the browser has measured of a request. It is there a moment after the last byte.
function timingOf(url) {
  const measured = performance.getEntriesByName(url).at(-1);
  if (measured) return Promise.resolve(measured);
  return new Promise((resolve) => {
    const observer = new PerformanceObserver((list) => {
      const entry = list.getEntriesByName(url).at(-1);
      if (!entry) return;
      observer.disconnect();
      resolve(entry);
    });
    observer.observe({ type: "resource" });
  });
}
