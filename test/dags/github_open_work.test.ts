import { runDag } from "dagsmith/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import openWork from "../../dags/github_open_work.ts";
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

/** Counted on the sandbox itself, without the DAG. */
async function openIn(org: string, list: "issues" | "pulls"): Promise<number> {
  const repos = (await (await fetch(`${sandbox.url}/orgs/${org}/repos?per_page=100`)).json()) as {
    name: string;
  }[];
  let open = 0;
  for (const { name } of repos) {
    for (let page = 1, length = 100; length === 100; page++) {
      const items = (await (
        await fetch(
          `${sandbox.url}/repos/${org}/${name}/${list}?state=open&per_page=100&page=${page}`,
        )
      ).json()) as {
        pull_request?: unknown;
      }[];
      open += items.filter((item) => !item.pull_request).length;
      length = items.length;
    }
  }
  return open;
}

test("github_open_work counts issues and pull requests of each organisation apart, and reports them together", async () => {
  const run = await runDag(openWork, options());
  expect(run.state).toBe("success");
  const counts = run.tasks.filter(({ taskId }) => taskId === "count");
  expect(counts.map(({ label }) => label)).toEqual([
    "issues of astronomerio",
    "pull_requests of astronomerio",
    "issues of airflow-plugins",
    "pull_requests of airflow-plugins",
  ]);
  const expected = await Promise.all(
    ["astronomerio", "airflow-plugins"].map(async (org) => [
      org,
      (await openIn(org, "issues")) + (await openIn(org, "pulls")),
    ]),
  );
  expect(run.xcom("report")).toEqual(Object.fromEntries(expected));
});

test("github_open_work has nothing to do without an organisation, and fails for the one that there is not, alone", async () => {
  const idle = await runDag(openWork, options({ orgs: [] }));
  expect(idle.tasks.map(({ taskId, state }) => `${taskId} ${state}`)).toEqual([
    "orgs success",
    "count skipped",
    "report skipped",
  ]);
  const wrong = await runDag(openWork, options({ orgs: ["kestra-io", "nobody"] }));
  expect(wrong.state).toBe("failed");
  const states = wrong.tasks
    .filter(({ taskId }) => taskId === "count")
    .map(({ state, label }) => `${label}: ${state}`);
  expect(states.toSorted()).toEqual([
    "issues of kestra-io: success",
    "issues of nobody: failed",
    "pull_requests of kestra-io: success",
    "pull_requests of nobody: failed",
  ]);
});
