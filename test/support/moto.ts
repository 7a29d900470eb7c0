/**
 * moto, a server that answers as AWS does: the one on the path, or a new one in a folder
 * of its own.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Counterpart } from "./counterpart.ts";
import { freePort } from "./free_port.ts";
import { findInstalled } from "./python_packages.ts";
import { until } from "./until.ts";

/** Its program; installed from PyPI when it is missing. */
export const findMoto = (): Promise<Counterpart<string>> =>
  findInstalled({
    folder: join(tmpdir(), "dagsmith-moto"),
    requirement: "moto[server]==5.*",
    ...{ program: "moto_server", probe: "--help" },
  });

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
