/** A DAG that calls another DAG for each repository of a made-up GitHub. */
import { runDag } from "dagsmith/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import starsOfRepositories from "../../dags/stars_of_repositories.ts";
import { type SandboxGithub, startSandboxGithub } from "../../runtime/sandbox/github.ts";

let sandbox: SandboxGithub;
beforeAll(async () => {
  sandbox = await startSandboxGithub();
});
afterAll(() => sandbox.close());

test("stars_of_repositories calls repository_stars for each repository and adds the results up", async () => {
  const run = await runDag(starsOfRepositories, {
    connections: { github: { type: "github", host: sandbox.url } },
  });
  expect(run.state).toBe("success");
  const names = run.xcom("repositories") as string[];
  expect(names.length).toBeGreaterThan(1);
  expect(run.calls.map(({ run: called }) => called.state)).toEqual(names.map(() => "success"));
  const stars = run.xcom("stars") as { stars: number; issues: number }[];
  expect(run.xcom("report")).toEqual({
    repositories: names.length,
    stars: stars.reduce((sum, one) => sum + one.stars, 0),
  });
  expect(stars.every((one) => one.issues >= 0)).toBe(true);
});
