/**
 * moto, a server that answers as AWS does: the one on the path, or a new one in a folder
 * of its own.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Counterpart } from "./counterpart.ts";
import { freePort } from "./free_port.ts";
import { findInstalled } from "./python_packages.ts";
import { type ServerProcess, startServer } from "./server_process.ts";

/** Its program; installed from PyPI when it is missing. */
export const findMoto = (): Promise<Counterpart<string>> =>
  findInstalled({
    folder: join(tmpdir(), "dagsmith-moto"),
    requirement: "moto[server]==5.*",
    ...{ program: "moto_server", probe: "--help" },
  });

export async function startMoto(program: string): Promise<ServerProcess> {
  const port = await freePort();
  return startServer(program, ["-H", "127.0.0.1", "-p", String(port)], `http://127.0.0.1:${port}`);
}
