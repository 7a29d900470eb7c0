import { runDag } from "dagsmith/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import triage from "../../dags/github_triage.ts";
import { type SandboxGithub, startSandboxGithub } from "../../runtime/sandbox/github.ts";

let sandbox: SandboxGithub;
beforeAll(async () => {
  sandbox = await startSandboxGithub();
});
afterAll(() => sandbox.close());

const run = async (params: { readonly org?: string; readonly long?: number }) => {
  const { tasks, state, xcom } = await runDag(triage, {
    params,
    connections: { github: { type: "github", host: sandbox.url } },
  });
  return {
    state,
    states: Object.fromEntries(tasks.map((task) => [task.taskId, task.state])),
    digest: xcom("digest"),
    titles: xcom("open_issues"),
  };
};

test("github_triage lists a few issues, and sums many up", async () => {
  const few = await run({ long: 1_000_000 });
  expect([few.state, few.states.list, few.states.sum_up, few.states.announce]).toEqual([
    "success",
    "success",
    "skipped",
    "success",
  ]);
  expect(few.digest).toBe((few.titles as string[]).toSorted().join("\n"));
  const many = await run({ long: 1 });
  expect([many.state, many.states.list, many.states.sum_up, many.states.announce]).toEqual([
    "success",
    "skipped",
    "success",
    "success",
  ]);
  expect(many.digest).toBe(`${(few.titles as string[]).length} issues are open`);
});

test("github_triage does nothing where nothing is open", async () => {
  await using idle = await emptyGithub();
  const { tasks, state } = await runDag(triage, {
    connections: { github: { type: "github", host: idle.url } },
  });
  expect(state).toBe("success");
  expect(
    tasks
      .filter(({ state: one }) => one === "skipped")
      .map(({ taskId }) => taskId)
      .toSorted(),
  ).toEqual(["announce", "by_size", "digest", "latest_only", "list", "sum_up"]);
});

/** A GitHub whose organisations have no repository. */
async function emptyGithub() {
  const { createServer } = await import("node:http");
  const server = createServer((_, answer) =>
    answer.setHeader("Content-Type", "application/json").end("[]"),
  );
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", () => listening()));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`,
    [Symbol.asyncDispose]: () => new Promise<void>((closed) => void server.close(() => closed())),
  };
}
