import { runDag } from "dagsmith/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import issuePages from "../../dags/github_issue_pages.ts";
import { type SandboxGithub, startSandboxGithub } from "../../runtime/sandbox/github.ts";

let sandbox: SandboxGithub;
beforeAll(async () => {
  sandbox = await startSandboxGithub();
});
afterAll(() => sandbox.close());

const options = (params = {}) => ({
  params,
  connections: { github: { type: "github", host: sandbox.url } },
});

test("github_issue_pages takes as many iterations as there are pages, and counts every issue once", async () => {
  const issues = (await (
    await fetch(
      `${sandbox.url}/repos/airflow-plugins/redshift_plugin/issues?state=all&per_page=100`,
    )
  ).json()) as {
    state: string;
  }[];
  expect(issues.length).toBeGreaterThan(1);
  expect(issues.length).toBeLessThan(100);
  const perPage = Math.ceil(issues.length / 3);
  const run = await runDag(issuePages, options({ perPage }));
  expect(run.state).toBe("success");
  const open = issues.filter(({ state }) => state === "open").length;
  expect(run.xcom("report")).toEqual({ open, closed: issues.length - open });
  // A last page that is full is followed by an empty one.
  const pages = Math.floor(issues.length / perPage) + 1;
  expect(
    run.tasks.filter(({ taskId }) => taskId === "pages").map(({ mapIndex }) => mapIndex),
  ).toEqual([...Array(pages).keys()]);
});

test("github_issue_pages fails in its first iteration for a repository that there is not", async () => {
  const run = await runDag(issuePages, options({ repo: "airflow-plugins/nothing" }));
  expect(run.state).toBe("failed");
  expect(run.tasks.map(({ taskId, state }) => `${taskId} ${state}`)).toEqual([
    "pages failed",
    "report upstream_failed",
  ]);
});
