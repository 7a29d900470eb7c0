/**
 * Deployments whose database stands behind pgbouncer, in session mode and in transaction
 * mode.
 */
import type { ChildProcess } from "node:child_process";
import { afterAll, expect, it } from "vitest";
import {
  type EmbeddedPostgres,
  startThrowawayPostgres,
} from "../../../runtime/embedded/postgres.ts";
import { openDatabase } from "../../../runtime/store/database/database.ts";
import { newProject, type Project, stopped } from "../../support/cli.ts";
import { describeWith } from "../../support/counterpart.ts";
import { rows } from "../../support/migrated.ts";
import { findPgbouncer, type Pgbouncer, startPgbouncer } from "../../support/pgbouncer.ts";

const WIDE = `import { dag } from "dagsmith";
const d = dag("wide");
const each = d.task("each", { each: [...Array(50).keys()] }, ({ item }) => item);
d.task("retried", { retries: 1, retryDelay: "10ms" }, ({ tryNumber }) => { if (tryNumber < 2) throw new Error("again"); });
d.task("total", { inputs: { each } }, ({ inputs }) => inputs.each.length);
export default d;
`;

interface Doctor {
  readonly ok: boolean;
  readonly findings: readonly {
    readonly check: string;
    readonly result: string;
    readonly detail: string;
  }[];
}

/** Ends with its own exit code, also when what it says is bad. */
async function pooler(project: Project): Promise<string | undefined> {
  const { findings } = await project.json<Doctor>(["doctor"]);
  const found = findings.find(({ check }) => check === "pooler");
  return found && `${found.result}: ${found.detail}`;
}

async function runsWide(project: Project): Promise<void> {
  await project.json(["migrate"]);
  expect(await project.json(["deploy"])).toMatchObject({ deployed: [{ version: 1 }] });
  const services: readonly ChildProcess[] = [
    project.start(["scheduler"]),
    project.start(["worker", "--slots", "4"]),
    project.start(["worker", "--slots", "4"]),
  ];
  expect(await project.json(["trigger", "wide", "--wait"])).toMatchObject({
    run: { state: "success" },
  });
  for (const service of services) expect(await stopped(service)).toBe(0);
}

describeWith("pgbouncer", findPgbouncer(), (program) => {
  const running: { stop(): Promise<void> }[] = [];

  /** A server of its own behind pgbouncer, and a project that knows both. */
  async function behind(mode: "session" | "transaction", isDirect: boolean) {
    const server: EmbeddedPostgres = await startThrowawayPostgres(["fsync=off"]);
    running.push(server);
    const pgbouncer: Pgbouncer = await startPgbouncer(program, server.url, mode);
    running.push(pgbouncer);
    const env = {
      DATABASE_URL: pgbouncer.url,
      ...(isDirect && { DATABASE_URL_DIRECT: server.url }),
    };
    const project = await newProject({ "dags/wide.ts": WIDE }, env);
    running.push({ stop: () => project.remove() });
    return { server, pgbouncer, project };
  }

  afterAll(async () => {
    for (const one of running.reverse()) await one.stop();
  });

  it("in session mode serves everything", async () => {
    const { project } = await behind("session", false);
    expect(await pooler(project)).toBe("ok: a proxy, or a pooler in session mode, stands between");
    await runsWide(project);
  });

  it("in transaction mode is refused by the doctor without a direct address", async () => {
    const { project } = await behind("transaction", false);
    expect(await pooler(project)).toMatch(
      /^no: DATABASE_URL leads to a pooler in transaction mode: set DATABASE_URL_DIRECT/,
    );
  });

  it("in transaction mode serves everything but the queue, which takes the direct address", async () => {
    const { project, server, pgbouncer } = await behind("transaction", true);
    expect(await pooler(project)).toBe("ok: a pooler in transaction mode, and DATABASE_URL_DIRECT");
    await runsWide(project);
    const db = openDatabase(pgbouncer.url, { directUrl: server.url });
    running.push({ stop: () => db.close() });
    const [limits] = await db.transaction((tx) =>
      rows(
        tx,
        "select current_setting('idle_in_transaction_session_timeout') as idle, current_setting('lock_timeout') as lock",
      ),
    );
    expect(limits).toEqual({ idle: "10s", lock: "10s" });
  });
});
