// A panel's event stream.

import { el, plural } from "./dom.js";

// An EventSource whose state (connecting, open or closed) stands where other panels show a status line. `receive` gets
// unnamed events, and those of the types named in `events`. `ends` says that the server will tell the browser to stop;
// a browser does not say why it gave a stream up.
export function addWire(panel, receive, { events = [], ends = false } = {}) {
  const reconnects = el("span", { class: "reconnects" });
  const wire = { source: null, count: 0, line: el("p", { class: "meta" }, reconnects) };
  const show = (state) => {
    panel.status.textContent = state;
    reconnects.textContent = plural(wire.count, "reconnect");
  };
  wire.open = (url) => {
    wire.source?.close();
    const source = wire.source = new EventSource(url);
    panel.say("");
    panel.setState("busy");
    show("connecting");
    source.onopen = () => { panel.say(""); show("open"); };
    source.onerror = () => {
      if (source.readyState === EventSource.CONNECTING) {
        wire.count += 1;
        show("connecting");
        panel.say("The connection ended; the browser is calling again.");
      } else {
        show("closed");
        wire.onClosed?.();
        if (!ends) return panel.fail("The browser gave the stream up: the answer was not an event stream, or its status told it to stop.");
        panel.say("The stream is at its end: told so, the browser calls no more.");
        panel.setState("done");
      }
    };
    for (const type of ["message", ...events]) source.addEventListener(type, receive);
  };
  wire.close = (state = "closed") => {
    wire.source?.close();
    wire.source = null;
    show(state);
  };
  show("closed");
  panel.status.textContent = ""; // nothing was called yet
  return wire;
}

// The call opens the wire, and a button closes it. `reset` empties what an earlier run left behind; `toggle` hears
// whether the wire is in use.
export function addStop(panel, wire, { label = "Close", more = [], reset, toggle: also = () => {} }) {
  const start = panel.calls.querySelector("button");
  const toggle = (on) => { start.disabled = on; stop.disabled = !on; also(on); };
  const stop = el("button", { type: "button", "data-do": "stop", onclick: () => {
    wire.close();
    panel.say("Closed by you.");
    panel.setState("done");
    toggle(false);
    start.focus(); // a disabled button loses the focus, and the keyboard its place
  } }, label);
  panel.onCall = ({ path }) => {
    wire.count = 0;
    reset();
    wire.open(path);
    toggle(true);
    stop.focus();
  };
  wire.onClosed = () => {
    const lost = document.activeElement === stop;
    toggle(false);
    if (lost) start.focus();
  };
  toggle(false);
  start.form.after(el("div", { class: "row" }, stop, ...more));
}
