/** versitygw, an S3 over a folder that checks signatures and regions; built by Go. */
import { execFile } from "node:child_process";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Counterpart } from "./counterpart.ts";
import { freePort } from "./free_port.ts";
import { type ServerProcess, startServer } from "./server_process.ts";

/** Kept between runs, because a build takes minutes. */
const FOLDER = join(tmpdir(), "dagsmith-versitygw");
const PROGRAM = join(FOLDER, "versitygw");
const MODULE = "github.com/versity/versitygw/cmd/versitygw@v1.0.18";

export const VERSITY_KEYS = { login: "versity", password: "versity-s3cret" };
export const VERSITY_REGION = "eu-west-1";

/** Its program; built when it is missing. */
export async function findVersitygw(): Promise<Counterpart<string>> {
  try {
    await access(PROGRAM).catch(() =>
      promisify(execFile)("go", ["install", MODULE], { env: { ...process.env, GOBIN: FOLDER } }),
    );
    return { found: PROGRAM };
  } catch (error) {
    return { missing: `versitygw cannot be built: ${String(error).slice(0, 200)}` };
  }
}

export async function startVersitygw(program: string): Promise<ServerProcess> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-versitygw-data-"));
  const port = await freePort();
  const keys = { ROOT_ACCESS_KEY: VERSITY_KEYS.login, ROOT_SECRET_KEY: VERSITY_KEYS.password };
  const args = ["--port", `127.0.0.1:${port}`, "--region", VERSITY_REGION, "posix", folder];
  const server = await startServer(program, args, `http://127.0.0.1:${port}`, keys);
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}
