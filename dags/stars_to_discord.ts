/**
 * Each hour, tells a Discord channel how many stars a repository has. Connections:
 * `github` and `discord`.
 */
import { dag } from "dagsmith";
import { discordHook } from "dagsmith/plugins/discord";
import { githubHook } from "dagsmith/plugins/github";
import { z } from "zod";

const d = dag("stars_to_discord", {
  schedule: "0 * * * *",
  startDate: "2026-01-01",
  catchup: false,
  params: z.object({
    repo: z
      .string()
      .regex(/^[\w.-]+\/[\w.-]+$/, "write owner/name")
      .default("kestra-io/kestra"),
  }),
});

const stars = d.task("count_stars", async ({ params, hook }) => {
  const [owner = "", repo = ""] = params.repo.split("/");
  const github = await hook(githubHook("github"));
  const { data } = await github.rest.repos.get({ owner, repo });
  return data.stargazers_count;
});

d.task("notify", { inputs: { stars }, retries: 3 }, async ({ params, inputs, hook }) => {
  const discord = await hook(discordHook("discord"));
  await discord.send(`${params.repo} has ${inputs.stars} stars`);
});

export default d;
