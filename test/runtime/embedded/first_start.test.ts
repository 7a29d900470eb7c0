/**
 * The first start of the embedded PostgreSQL, broken off at any point: the next start
 * begins it again.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { binaries, serverUser } from "../../../runtime/embedded/binaries.ts";
import { startPostgres } from "../../../runtime/embedded/postgres.ts";
import { until } from "../../support/until.ts";

const MODULE = fileURLToPath(new URL("../../../runtime/embedded/postgres.ts", import.meta.url));

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-first-"));
  await chmod(folder, 0o755);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function expectSound(folder: string): Promise<void> {
  const server = await startPostgres({ folder, settings: ["fsync=off"] });
  onTestFinished(() => server.stop());
  const client = new Client({ connectionString: server.url });
  await client.connect();
  expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  await client.end();
}

test("a first start that was killed half way begins again", async () => {
  const folder = await newFolder();
  const code = `const { startPostgres } = await import(${JSON.stringify(MODULE)}); await startPostgres({ folder: ${JSON.stringify(folder)} });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { detached: true });
  await until("half a data folder", () => exists(join(folder, "data.unfinished", "PG_VERSION")));
  const ended = once(child, "exit");
  // With the initdb that it has started.
  process.kill(-child.pid!, "SIGKILL");
  await ended;
  await expectSound(folder);
});

test("a first start without space says so, and the next one begins again", async () => {
  const folder = await newFolder();
  const { initdb, postgres } = await binaries(await serverUser());
  const bin = join(folder, "bin");
  await mkdir(bin);
  // The real initdb, which may write files of 512 KiB at most: it fails in the middle.
  await writeFile(join(bin, "initdb"), `#!/bin/sh\nulimit -f 1024\nexec ${initdb} "$@"\n`, {
    mode: 0o755,
  });
  await writeFile(join(bin, "postgres"), `#!/bin/sh\nexec ${postgres} "$@"\n`, { mode: 0o755 });
  await expect(startPostgres({ folder, bin })).rejects.toThrow(
    /PostgreSQL could not create its data folder .*File (too large|size limit exceeded)/is,
  );
  expect(await exists(join(folder, "data"))).toBe(false);
  await expectSound(folder);
});

test("data that no server can start on is left alone, with advice", async () => {
  const folder = await newFolder();
  const server = await startPostgres({ folder, settings: ["fsync=off"] });
  await server.stop();
  await rm(join(folder, "data", "global", "pg_control"));
  await expect(startPostgres({ folder })).rejects.toThrow(
    /If its first start was interrupted, delete .*data and start again/,
  );
  expect(await exists(join(folder, "data", "base"))).toBe(true);
});
