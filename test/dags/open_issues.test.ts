import { runDag } from "dagsmith/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import openIssues from "../../dags/open_issues.ts";
import { type SandboxGithub, startSandboxGithub } from "../../runtime/sandbox/github.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";

let sandbox: SandboxGithub;
beforeAll(async () => {
  sandbox = await startSandboxGithub();
});
afterAll(() => sandbox.close());

test("open_issues counts each repository of the organisation and adds them up", async () => {
  const run = await runDag(openIssues, {
    connections: { github: { type: "github", host: sandbox.url } },
  });
  expect(run.state).toBe("success");
  const counts = run.xcom("count_issues") as { repository: string; issues: number }[];
  expect(counts.length).toBeGreaterThan(1);
  expect(run.xcom("report")).toBe(counts.reduce((sum, { issues }) => sum + issues, 0));
});

test("open_issues asks under a pool and a rate", () => {
  const counting = describeDag(openIssues).tasks.find(({ taskId }) => taskId === "count_issues");
  expect(counting?.routing).toMatchObject({
    pool: "github",
    poolSlots: 1,
    rate: { key: "api.github.com", limit: 100, perMs: 60_000 },
  });
});
