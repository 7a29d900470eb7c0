/**
 * local-bigquery, a BigQuery on DuckDB; it comes from PyPI and needs Python 3.13. DuckDB
 * would download its extensions, so they come from PyPI too, with the DuckDB that they fit.
 */
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { Counterpart } from "./counterpart.ts";
import { freePort } from "./free_port.ts";
import { runs } from "./python_packages.ts";
import { startServer } from "./server_process.ts";

const run = promisify(execFile);

/** Kept between runs. */
const FOLDER = join(tmpdir(), "dagsmith-local-bigquery");
const PACKAGE = "local-bigquery==0.4.0";
const DUCKDB = "1.5.5";
const EXTENSIONS = ["icu", "ducklake", "spatial"];
/** DuckDB looks for its extensions there. */
const HOME = join(FOLDER, "home");
const EXTENSION_FOLDER = join(HOME, ".duckdb", "extensions", `v${DUCKDB}`, "linux_amd64");

/** Its program; installed from PyPI when it is missing. */
export async function findLocalBigquery(): Promise<Counterpart<string>> {
  const program = join(FOLDER, "bin", "local-bigquery");
  try {
    const isWhole = (await readdir(EXTENSION_FOLDER).catch(() => [])).length > 0;
    if (!isWhole || !(await runs(program, "--help"))) await install();
    return { found: program };
  } catch (error) {
    return { missing: `${PACKAGE} cannot be installed: ${String(error).slice(0, 200)}` };
  }
}

/** pyenv chooses the version by a variable; elsewhere python3.13 is on the path. */
async function install(): Promise<void> {
  // An installation that was cut short.
  await rm(FOLDER, { recursive: true, force: true });
  const env = { ...process.env, PYENV_VERSION: "3.13.0" };
  await run("python3.13", ["-m", "venv", FOLDER], { env });
  const pip = (...args: readonly string[]) =>
    run(join(FOLDER, "bin", "pip"), ["install", "--quiet", ...args]);
  await pip(PACKAGE);
  const extensions = EXTENSIONS.map((name) => `duckdb-extension-${name}==${DUCKDB}`);
  await pip("--no-deps", `duckdb==${DUCKDB}`, ...extensions);
  await mkdir(EXTENSION_FOLDER, { recursive: true });
  const files = await readdir(FOLDER, { recursive: true });
  for (const file of files.filter((name) => name.endsWith(".duckdb_extension")))
    await copyFile(join(FOLDER, file), join(EXTENSION_FOLDER, basename(file)));
}

/** A server whose `gs://` is the folder `gcs`. */
export async function startLocalBigquery(program: string) {
  const data = await mkdtemp(join(tmpdir(), "dagsmith-bigquery-"));
  const [port, grpcPort] = [await freePort(), await freePort()];
  const ports = ["--port", String(port), "--grpc-port", String(grpcPort)];
  const address = ["--host", "127.0.0.1", ...ports];
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer(program, [...address, "--data-dir", data], url, { HOME });
  return {
    url,
    gcs: join(data, "gcs"),
    stop: async () => {
      await server.stop();
      await rm(data, { recursive: true, force: true });
    },
  };
}
