// Does what the page tells its readers to do: takes each program from it as it stands, runs it, and asks it.
//
// Python's programs are run by what is in GALLERY_BIN, where uvicorn and the package are installed. Rust's are built
// in one workspace, which takes a minute at the first time; CARGO_TARGET_DIR keeps it.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { face, origin, panels, until, visit } from "./page.mjs";

const BUILD_TIMEOUT = 900_000;
const RUN_TIMEOUT = 30_000;
const ROOT = join(import.meta.dirname, "../../..");
const PROGRAMS_PORT = 8080; // which may be somebody else's here
const run = promisify(execFile);

// What the page shows: the program, and the lines of a shell that run it.
const shown = new Map();
let folder, port;

before(async () => {
  await visit(async (page) => {
    for (const id of panels) {
      const [source, commands] = await page.locator(`[id="${id}"] .program code`).allTextContents();
      const file = await page.locator(`[id="${id}"] .program figcaption`).first().innerText();
      const lines = commands.split("\n");
      const find = (start) => lines.filter((line) => line.startsWith(start));
      const [setUp, serve] = [lines.slice(0, lines.findIndex((line) => line.startsWith("#"))), lines.at(-3)];
      shown.set(id, { source, file, setUp, files: find("curl -o"), serve, ask: lines.at(-1) });
    }
  });
  folder = await mkdtemp(join(tmpdir(), "gallery-programs-"));
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  ({ port } = server.address());
  server.close();
  if (face === "Rust") await buildAll();
}, { timeout: BUILD_TIMEOUT });

after(() => folder && rm(folder, { recursive: true }));

const here = (text) => text.replaceAll(`127.0.0.1:${PROGRAMS_PORT}`, `127.0.0.1:${port}`).replace(`--port ${PROGRAMS_PORT}`, `--port ${port}`);

async function put(id) {
  const { source, file } = shown.get(id);
  await writeFile(join(folder, id, file), here(source));
}

// Each program becomes a package as the page says, all in one workspace, with the versions that are tested elsewhere.
async function buildAll() {
  await writeFile(join(folder, "Cargo.toml"), "[workspace]\nresolver = \"3\"\nmembers = []\n");
  await copyFile(join(ROOT, "Cargo.lock"), join(folder, "Cargo.lock"));
  for (const id of panels) {
    const { setUp, files } = shown.get(id);
    await run("bash", ["-ec", setUp.filter((line) => !files.includes(line)).join("\n")], { cwd: folder });
    await put(id);
  }
  const target = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "gallery-programs");
  await run("cargo", ["build", "--quiet", "--workspace", "--target-dir", target], {
    cwd: folder, env: { ...process.env, RUSTFLAGS: "-D warnings", CARGO_PROFILE_DEV_DEBUG: "0" },
  });
  // What `cargo run` runs. It would build again what the others share, with fewer features.
  for (const [id, one] of shown) one.serve = one.serve.replace("cargo run", `'${join(target, "debug", id)}'`);
}

// The head and the content of what `curl` gets, without what differs from answer to answer and from server to server.
async function ask(command) {
  const { stdout } = await run("bash", ["-c", `${command} --silent --max-time 2 || [ $? = 28 ]`], { encoding: "latin1" });
  const [, head, content] = /^([^]*?)\r\n\r\n([^]*)$/.exec(stdout);
  const fields = head.split("\r\n").filter((field) => !/^(date|server|connection|etag|last-modified):/i.test(field));
  return { fields: fields.map((field) => field.replace(/expires=[^;]*/, "expires=…")).sort(), content };
}

for (const id of panels) {
  test(`the program of ${id} runs as it is shown`, { timeout: RUN_TIMEOUT }, async () => {
    const { files, serve, ask: question } = shown.get(id);
    const cwd = join(folder, id);
    if (face === "Python") {
      assert.ok(process.env.GALLERY_BIN, "GALLERY_BIN must say where uvicorn is");
      await mkdir(cwd);
      await put(id);
    }
    for (const line of files) await run("bash", ["-c", line], { cwd });
    const PATH = [process.env.GALLERY_BIN, process.env.PATH].filter(Boolean).join(":");
    const server = spawn("bash", ["-c", `exec ${here(serve)}`], { cwd, env: { ...process.env, PATH }, stdio: ["ignore", "ignore", "pipe"] });
    let complaints = "";
    server.stderr.on("data", (piece) => { complaints += piece; });
    try {
      await until(async () => {
        assert.equal(server.exitCode, null, complaints);
        return fetch(`http://127.0.0.1:${port}/`, { method: "HEAD" }).then(() => true, () => false);
      });
      // The program answers as the gallery does, for it is what answers there.
      const [mine, its] = [await ask(here(question)), await ask(question.replaceAll(`http://127.0.0.1:${PROGRAMS_PORT}`, origin))];
      assert.deepEqual(mine.fields, its.fields);
      if (!["chart", "chat"].includes(id)) assert.equal(mine.content, its.content);
      if (id === "chart") assert.match(mine.content, /^data: \{"v": ?-?[\d.e-]+\}/m);
    } finally {
      server.kill();
      if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
    }
  });
}
