/** fakesnow, a Snowflake on DuckDB; it comes from PyPI. */
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Counterpart } from "./counterpart.ts";
import { freePort } from "./free_port.ts";
import { runs } from "./python_packages.ts";
import { startServer } from "./server_process.ts";

const run = promisify(execFile);

/** Kept between runs. */
const FOLDER = join(tmpdir(), "dagsmith-fakesnow");
/** fakesnow does not work with the connector of version 5. */
const PACKAGES = ["fakesnow[server]==0.12.1", "snowflake-connector-python==4.8.1"];
const SERVER = join(import.meta.dirname, "fakesnow_json.py");

/** The Python that has it; installed from PyPI when it is missing. */
export async function findFakesnow(): Promise<Counterpart<string>> {
  try {
    if (!(await runs(join(FOLDER, "bin", "fakesnow"), "--help"))) await install();
    return { found: join(FOLDER, "bin", "python") };
  } catch (error) {
    return { missing: `${PACKAGES[0]} cannot be installed: ${String(error).slice(0, 200)}` };
  }
}

async function install(): Promise<void> {
  // An installation that was cut short.
  await rm(FOLDER, { recursive: true, force: true });
  await run("python3", ["-m", "venv", FOLDER]);
  await run(join(FOLDER, "bin", "pip"), ["install", "--quiet", ...PACKAGES]);
}

/** A server of its own, whose databases are gone when it stops. */
export async function startFakesnow(python: string) {
  const port = await freePort();
  return startServer(python, [SERVER, String(port)], `http://127.0.0.1:${port}`);
}
