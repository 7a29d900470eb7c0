/**
 * A deployment on each version of PostgreSQL with its default settings: durable writes,
 * and JIT compilation on where it is built in.
 */
import type { ChildProcess } from "node:child_process";
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type EmbeddedPostgres,
  startThrowawayPostgres,
} from "../../../runtime/embedded/postgres.ts";
import { newProject, type Project, stopped } from "../../support/cli.ts";
import { describeWith } from "../../support/counterpart.ts";
import { postgresVersions } from "../../support/installed_postgres.ts";

const SUM = `import { dag } from "dagsmith";
const d = dag("sum");
const numbers = d.task("numbers", () => [1, 2, 3]);
const squares = d.task("squares", { each: numbers }, ({ item }) => item * item);
d.task("total", { inputs: { squares } }, ({ inputs }) => inputs.squares.reduce((a, b) => a + b, 0));
export default d;
`;

for (const [name, installed] of postgresVersions())
  describeWith(`${name} as it comes`, installed, (bin) => {
    let server: EmbeddedPostgres;
    let project: Project;
    let services: readonly ChildProcess[] = [];

    beforeAll(async () => {
      server = await startThrowawayPostgres([], bin);
      project = await newProject({ "dags/sum.ts": SUM }, { DATABASE_URL: server.url });
    });
    afterAll(async () => {
      for (const service of services) expect(await stopped(service)).toBe(0);
      await project?.remove();
      await server?.stop();
    });

    it("runs with the settings that its package gives it", async () => {
      expect(await settings(server.url, ["fsync", "jit", "synchronous_commit"])).toEqual({
        fsync: "on",
        jit: "on",
        synchronous_commit: "on",
      });
    });

    it("is migrated once", async () => {
      const { applied } = await project.json<{ applied: string[] }>(["migrate"]);
      expect(applied).not.toEqual([]);
      expect(await project.json(["migrate"])).toEqual({ applied: [] });
    });

    it("runs a DAG from its deployment to its last task", async () => {
      expect(await project.json(["deploy"])).toMatchObject({ deployed: [{ version: 1 }] });
      services = [project.start(["scheduler"]), project.start(["worker", "--slots", "4"])];
      expect(await project.json(["trigger", "sum", "--wait"])).toMatchObject({
        run: { state: "success" },
      });
      expect(await total(server.url)).toBe(14);
    });
  });

async function settings(
  url: string,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const found = await ask<{ name: string; setting: string }>(
    url,
    "select name, setting from pg_settings where name = any ($1)",
    [names],
  );
  return Object.fromEntries(found.map(({ name, setting }) => [name, setting]));
}

async function total(url: string): Promise<unknown> {
  const [xcom] = await ask<{ value: unknown }>(
    url,
    "select value from dagsmith.xcom where task_id = 'total' and key = 'return_value'",
  );
  return xcom?.value;
}

async function ask<Row extends object>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<readonly Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}
