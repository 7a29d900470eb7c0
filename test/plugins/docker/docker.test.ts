/** What can be said of containers without an engine. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Dag, FileRef, TaskRef } from "dagsmith";
import { docker } from "dagsmith/plugins/docker";
import { runTask } from "dagsmith/testing";
import { afterEach, beforeEach, expect, expectTypeOf, test, vi } from "vitest";
import { z } from "zod";
import { errorWithout } from "../../support/without_package.ts";

let folder: string;
let socket: string;
let server: Server | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "docker-test-"));
  socket = join(folder, "engine.sock");
  vi.stubEnv("DOCKER_HOST", `unix://${socket}`);
});
afterEach(async () => {
  server?.close();
  server = undefined;
  await rm(folder, { recursive: true });
});

const task = docker({ image: "loader:3" });

test("a missing package is named with what installs it", async () => {
  const imports = 'const { docker } = await import("dagsmith/plugins/docker");';
  expect(await errorWithout("dockerode", imports, 'docker({ image: "a" })')).toEqual([
    "PACKAGE_MISSING",
    "docker() needs the package dockerode. Run: npm install dockerode",
  ]);
});

test("an engine that is not there fails the try with advice, and a retry may help", async () => {
  const failure = runTask(task);
  await expect(failure).rejects.toMatchObject({ name: "Error", code: "ENGINE_AWAY" });
  await expect(failure).rejects.toThrow(
    `No container engine answers at unix://${socket}: connect ENOENT ${socket}. Start Docker or Podman on the machine of the worker, or set DOCKER_HOST for the worker.`,
  );
});

test("an engine that accepts and says nothing does not hold a try that is stopped", async () => {
  server = createServer().listen(socket);
  const accepted = once(server, "connection");
  const abort = new AbortController();
  const failure = runTask(task, { signal: abort.signal });
  const [connection] = await accepted;
  abort.abort(new Error("cancelled by a person"));
  await expect(failure).rejects.toThrow("cancelled by a person");
  connection.destroy();
});

test("limits that are none are refused where they are written", () => {
  for (const memory of ["lots", "12x", "-1m", "", "0"])
    expect(() => docker({ image: "a", resources: { memory } })).toThrow(
      `resources.memory: "${memory}" is no amount of memory, such as "512m" or "2g"`,
    );
  for (const cpus of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => docker({ image: "a", resources: { cpus } })).toThrow(
      `resources.cpus: ${cpus} is not a number above 0, such as 0.5`,
    );
});

test("its fields know inputs, params and item, and its output has the type of its schema", () => {
  const compiles = (d: Dag<{ readonly day: string }>, rows: TaskRef<number>): void => {
    const made = d.task(
      "load",
      { inputs: { rows }, each: ["a", "b"] },
      docker({
        image: ({ item }) => `loader:${item}`,
        command: ({ inputs, params }) => [inputs.rows, params.day],
        env: { DAY: ({ params }) => params.day },
        mounts: ({ item }) => [{ source: item, target: "/data" }],
        output: z.object({ rows: z.number() }),
        files: ["trips.csv"],
      }),
    );
    expectTypeOf(made).toEqualTypeOf<
      TaskRef<
        {
          readonly output: { rows: number };
          readonly files: { readonly "trips.csv": FileRef };
        }[]
      >
    >();
    // @ts-expect-error an option that does not exist
    docker({ image: "a", entrypoint: ["x"] });
  };
  expect(compiles).toBeTypeOf("function");
});
