/** A database that is away for longer than any time-out of a service. */
import { expect, test } from "vitest";
import { runEnd } from "../../support/worker.ts";
import { expectEachOnce, wide } from "./dags.ts";
import { expectUnshaken, ownServer, underWay } from "./under_way.ts";

/** Longer than the time-outs of statements and connections, and than all watchdogs. */
const AWAY_MS = 100_000;

test("a run outlives a database that is away for 100 seconds: no process ends, nothing is lost, no try begins twice", async () => {
  const server = await ownServer();
  const text = wide("away", 200, 100);
  const { gate, run, services } = await underWay(server, { id: "away", text, notes: 80 });
  await server.away(() => new Promise((resolve) => setTimeout(resolve, AWAY_MS)));
  const end = await runEnd(server.db, run.id, 90);
  expect(end.state).toBe("success");
  expectEachOnce(
    await gate.notes(),
    end.tasks.filter(({ taskId }) => taskId === "each"),
  );
  await expectUnshaken(services);
}, 300_000);
