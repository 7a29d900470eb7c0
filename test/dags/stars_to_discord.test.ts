import { type RunTaskOptions, runTask, taskOf } from "dagsmith/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import stars from "../../dags/stars_to_discord.ts";
import { type SandboxGithub, startSandboxGithub } from "../../runtime/sandbox/github.ts";

let sandbox: SandboxGithub;
beforeAll(async () => {
  sandbox = await startSandboxGithub();
});
afterAll(() => sandbox.close());

const countStars = taskOf(stars, "count_stars");
const notify = taskOf(stars, "notify");

const connected = (): RunTaskOptions => ({
  connections: {
    github: { type: "github", host: sandbox.url },
    discord: { type: "discord", extra: { webhook_url: `${sandbox.url}/webhooks/stars` } },
  },
});

test("stars_to_discord counts the stars of the repository it is given and tells the channel", async () => {
  const byDefault = await runTask(countStars, connected());
  expect(byDefault.output).toBe(21_000);
  const params = { repo: "airflow-plugins/redshift_plugin" };
  const given = await runTask(countStars, { ...connected(), params });
  expect(given.output).toBe(89);
  await runTask(notify, { ...connected(), params, inputs: { stars: given.output as number } });
  const messages = await (await fetch(`${sandbox.url}/webhooks/stars/messages`)).json();
  expect(messages).toMatchObject([{ content: "airflow-plugins/redshift_plugin has 89 stars" }]);
});

test("stars_to_discord refuses a repository without owner", async () => {
  await expect(runTask(countStars, { ...connected(), params: { repo: "kestra" } })).rejects.toThrow(
    "repo: write owner/name",
  );
});
