/** A Python script with a package from PyPI, asking a simulated GitHub. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runDag } from "dagsmith/testing";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import starsByPython from "../../dags/stars_by_python.ts";
import { type SandboxGithub, startSandboxGithub } from "../../runtime/sandbox/github.ts";
import { describeWith } from "../support/counterpart.ts";
import { findPyPI } from "../support/python_packages.ts";

describeWith("stars_by_python with PyPI", await findPyPI("requests==2.32.3"), () => {
  let home: string;
  let github: SandboxGithub;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "stars-test-"));
    github = await startSandboxGithub();
  });
  // Each test ends with the environment as it was.
  beforeEach(() => void vi.stubEnv("HOME", home));
  afterAll(async () => {
    await github?.close();
    await rm(home, { recursive: true, force: true });
  });

  const run = async (repo: string, known: Record<string, number> = {}) => {
    const log: string[] = [];
    const done = await runDag(starsByPython, {
      params: { repo },
      state: known,
      connections: {
        github: { type: "github", host: github.url },
        discord: { type: "discord", extra: { webhook_url: `${github.url}/webhooks/python` } },
      },
      onEvent: (event) => event.type === "log" && log.push(event.text),
    });
    return { done, log };
  };
  const messages = async (): Promise<unknown> =>
    (await fetch(`${github.url}/webhooks/python/messages`)).json();

  it("tells Discord what the script counted, once for each number", {
    timeout: 300_000,
  }, async () => {
    const { done, log } = await run("airflow-plugins/redshift_plugin");
    expect(done.tasks.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect(done.xcom("count")).toEqual({ stars: 89 });
    expect(log).toContain("airflow-plugins/redshift_plugin has 89 stars");
    expect(done.stateValues).toMatchObject({ "airflow-plugins/redshift_plugin": 89 });
    const again = await run("airflow-plugins/redshift_plugin", {
      "airflow-plugins/redshift_plugin": 89,
    });
    expect(again.done.tasks.map(({ state }) => state)).toEqual(["success", "skipped"]);
    expect(await messages()).toMatchObject([
      { content: "airflow-plugins/redshift_plugin has 89 stars" },
    ]);
  });

  it("fails with the answer of GitHub for a repository that is not there", {
    timeout: 300_000,
  }, async () => {
    const { done } = await run("kestra-io/absent");
    expect(done.tasks[0]?.error?.message).toMatch(/404 Client Error/);
  });
});
