// A client that hops between the nodes that share the chat, and counts what it misses. The page itself says numbers.

import { el, fillTable, makeTable } from "./dom.js";

const STAY = 3000; // at a node
const BEAT = 400; // from one number to the next

export function addHops(panel, nodes) {
  const links = [...document.querySelectorAll('nav[aria-label="Faces"] a')];
  const names = new Map(links.map((link) => [link.href, link.textContent]));
  const table = makeTable("hops", "A client that hops between the nodes with its last event id, while this page counts in the chat");
  const tally = el("p", { class: "tally", "aria-live": "polite" });
  let client = null;
  const show = () => {
    const { at, silent, hops, events, refused, missed, twice } = client;
    const rows = [["node", names.get(at) + (silent ? ", no answer" : "")], ["hops", hops], ["events", events]];
    fillTable(table, refused.size ? [...rows, ["not taken", refused.size]] : rows);
    const text = `missed ${missed}, twice ${twice}`;
    if (tally.textContent !== text) tally.textContent = text; // what is said again is read out again
  };
  const button = el("button", { type: "button", "data-do": "hop", onclick: () => {
    const again = !client?.source;
    if (again) (client = new Client(nodes, show)).start();
    else client.stop();
    button.textContent = again ? "Stop hopping" : "Hop between the nodes";
    extra.hidden = false;
  } }, "Hop between the nodes");
  panel.calls.append(el("div", { class: "row" }, button));
  const extra = panel.addExtra(table, tally);
  extra.hidden = true;
}

class Client {
  source = null;
  silent = false;
  hops = -1; // the first node is no hop
  events = 0;
  missed = 0;
  twice = 0;
  refused = new Set(); // numbers of which the server has not said that all get them

  #name = Math.random().toString(36).slice(2, 10);
  #said = 0;
  #heard = 0;
  #lastId = null;
  #timers = {};

  constructor(nodes, changed) {
    this.nodes = nodes;
    this.changed = changed;
  }

  get at() { return this.nodes[this.hops % this.nodes.length]; }

  start() {
    this.#hop();
    this.#say();
  }

  stop() {
    this.source?.close();
    this.source = null;
    Object.values(this.#timers).forEach(clearTimeout);
  }

  #hop() {
    this.source?.close();
    this.hops += 1;
    this.silent = false;
    const url = new URL("/chat", this.at);
    if (this.#lastId !== null) url.searchParams.set("last_event_id", this.#lastId);
    const source = this.source = new EventSource(url);
    source.onopen = () => { this.silent = false; this.changed(); };
    source.onerror = () => { this.silent = true; this.changed(); };
    for (const type of ["message", "resync"]) source.addEventListener(type, (event) => this.#hear(event));
    this.#timers.hop = setTimeout(() => this.#hop(), STAY);
    this.changed();
  }

  async #say() {
    const number = this.#said += 1;
    const body = JSON.stringify({ text: `Count ${number} of ${this.#name}` });
    const taken = await fetch("/chat", { method: "POST", headers: { "content-type": "application/json" }, body })
      .then(({ ok }) => ok, () => false);
    if (!taken) this.refused.add(number);
    if (this.source) this.#timers.say = setTimeout(() => this.#say(), BEAT);
  }

  #hear({ data, lastEventId }) {
    this.#lastId = lastEventId || this.#lastId;
    this.events += 1;
    const [, number, name] = /"Count (\d+) of (\w+)"/.exec(data) ?? [];
    if (name === this.#name) this.#count(Number(number));
    this.changed();
  }

  #count(number) {
    if (number <= this.#heard) this.twice += 1;
    for (let n = this.#heard + 1; n < number; n += 1) if (!this.refused.has(n)) this.missed += 1;
    this.#heard = Math.max(this.#heard, number);
  }
}
