/** Azurite, Microsoft's own emulator of Azure Blob Storage, from npm. */
import { execFile } from "node:child_process";
import { access, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Counterpart } from "./counterpart.ts";
import { freePort } from "./free_port.ts";
import { type ServerProcess, startServer } from "./server_process.ts";

/** Kept between runs. */
const FOLDER = join(tmpdir(), "dagsmith-azurite");
const PROGRAM = join(FOLDER, "node_modules", ".bin", "azurite-blob");

/** The account that every Azurite has. The key is published, and no secret. */
export const AZURITE = {
  account: "devstoreaccount1",
  key: "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
};

/** Its program; installed from npm when it is missing. */
export async function findAzurite(): Promise<Counterpart<string>> {
  try {
    await access(PROGRAM).catch(install);
    return { found: PROGRAM };
  } catch (error) {
    return { missing: `azurite cannot be installed: ${String(error).slice(0, 200)}` };
  }
}

async function install(): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await promisify(execFile)("npm", ["install", "--prefix", FOLDER, "--no-save", "azurite@3.37.0"]);
}

/** @returns the URL of the account */
export async function startAzurite(program: string): Promise<ServerProcess> {
  const port = String(await freePort());
  const args = ["--blobHost", "127.0.0.1", "--blobPort", port, "--inMemoryPersistence"];
  const quiet = ["--silent", "--disableTelemetry", "--skipApiVersionCheck"];
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer(program, [...args, ...quiet], url);
  return { ...server, url: `${url}/${AZURITE.account}` };
}
