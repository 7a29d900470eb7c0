/**
 * moto, a server that answers as AWS does: the one on the path, or a new one in a folder
 * of its own.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Counterpart } from "./counterpart.ts";
import { freePort } from "./free_port.ts";
import { until } from "./until.ts";

const run = promisify(execFile);

/** Kept between runs, because an installation takes a minute. */
const FOLDER = join(tmpdir(), "dagsmith-moto");
const PROGRAM = join(FOLDER, "bin", "moto_server");

/** Its program; installed from PyPI when it is missing. */
export async function findMoto(): Promise<Counterpart<string>> {
  try {
    if (!(await runs(PROGRAM))) {
      // An installation that was cut short, or whose Python has gone.
      await rm(FOLDER, { recursive: true, force: true });
      await run("python3", ["-m", "venv", FOLDER]);
      await run(join(FOLDER, "bin", "pip"), ["install", "--quiet", "moto[server]==5.*"]);
    }
    return { found: PROGRAM };
  } catch (error) {
    return { missing: `moto cannot be installed: ${String(error).slice(0, 200)}` };
  }
}

const runs = (program: string): Promise<boolean> =>
  run(program, ["--help"]).then(
    () => true,
    () => false,
  );

export interface Moto {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startMoto(program: string): Promise<Moto> {
  const port = await freePort();
  const server = spawn(program, ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  const exited = once(server, "exit");
  const url = `http://127.0.0.1:${port}`;
  await until("the start of moto", async () =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return {
    url,
    stop: async () => {
      server.kill();
      await exited;
    },
  };
}
