/**
 * A server that takes no writes, because its disk is full or because it is read-only,
 * while outcomes of tries are to be recorded. Both are waited out, as a restart is.
 */
import { expect, test } from "vitest";
import type { Server } from "../../chaos/server.ts";
import { GATE_CODE } from "../../support/gate.ts";
import { rows } from "../../support/migrated.ts";
import type { NodeProcess } from "../../support/node_process.ts";
import { until } from "../../support/until.ts";
import { runEnd, runNow } from "../../support/worker.ts";
import { expectUnshaken, ownServer, underWay } from "./under_way.ts";

/** A task whose output needs new pages, and one that runs all the time. */
const TWO = `
import { randomBytes } from "node:crypto";
import { dag } from "dagsmith";
${GATE_CODE}
const d = dag("two");
d.task("ends", async ({ tryNumber }) => {
  note("start ends " + tryNumber);
  await gate();
  note("done ends " + tryNumber);
  return randomBytes(600_000).toString("hex");
});
d.task("runs_on", async ({ tryNumber }) => {
  note("start runs_on " + tryNumber);
  await gate();
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  note("done runs_on " + tryNumber);
});
export default d;
`;

const REASONS = [
  { what: "its disk is full", refuse: "fillDisk" },
  { what: "the database is read-only", refuse: "refuseWrites" },
] as const;

test.each(REASONS)(
  "an outcome waits while $what, and is recorded once: no try is lost, and no life ends",
  async ({ what, refuse }) => {
    const server = await ownServer();
    const { gate, run, services } = await underWay(server, { id: "two", text: TWO, notes: 2 });
    await server[refuse](async () => {
      await gate.open();
      await until("the end of the task", async () => (await gate.notes()).includes("done ends 1"));
      await until("a worker that waits", async () => waitsFor(services, what));
      expect((await runNow(server.db, run.id)).task("ends").state).toBe("running");
      await until("the other end", async () => (await gate.notes()).includes("done runs_on 1"));
    });
    const end = await runEnd(server.db, run.id);
    expect(end.state).toBe("success");
    for (const task of end.tasks) expect(task).toMatchObject({ tryNumber: 1, lostTries: 0 });
    expect(await historyOf(server, run.id)).toEqual([]);
    expect((await gate.notes()).toSorted()).toEqual([
      "done ends 1",
      "done runs_on 1",
      "start ends 1",
      "start runs_on 1",
    ]);
    await expectUnshaken(services);
  },
);

const waitsFor = (services: readonly NodeProcess[], reason: string): boolean =>
  services.some(({ said }) =>
    said.some((line) => line.event === "database" && line.reason === reason),
  );

const historyOf = ({ db }: Server, runId: number) =>
  rows(
    db,
    `select y.* from dagsmith.task_try y
     join dagsmith.task_instance t on t.id = y.task_instance_id where t.run_id = $1`,
    [runId],
  );
