/**
 * Each hour, a Python script with a package from PyPI asks GitHub for the stars of a
 * repository, and Discord gets the number when it has changed.
 *
 * Connections: `github`, whose address the script gets, and `discord`. Needs Python 3 on
 * the machine of the worker.
 */
import { dag, SkipTask } from "dagsmith";
import { discordHook } from "dagsmith/plugins/discord";
import { python } from "dagsmith/plugins/process";
import { z } from "zod";
import starsPy from "./stars_by_python.py";

const API = "https://api.github.com";

const d = dag("stars_by_python", {
  schedule: "@hourly",
  startDate: "2026-01-01",
  catchup: "none",
  pausedAtCreation: true,
  params: z.object({
    repo: z
      .string()
      .regex(/^[\w.-]+\/[\w.-]+$/, "write owner/name")
      .default("kestra-io/kestra"),
  }),
});

const counted = d.task(
  "count",
  { retries: 2, retryDelay: "1m" },
  python({
    script: starsPy,
    requirements: ["requests==2.32.3"],
    env: { GITHUB_URL: async ({ connection }) => (await connection("github")).host ?? API },
    output: z.object({ stars: z.number().int() }),
  }),
);

d.task(
  "notify",
  { inputs: { counted }, retries: 3 },
  async ({ inputs: { counted }, params, hook, state }) => {
    const last = await state.get(params.repo, z.number());
    if (last === counted.stars) throw new SkipTask(`${last} stars, as an hour ago`);
    const discord = await hook(discordHook("discord"));
    await discord.send(`${params.repo} has ${counted.stars} stars`);
    await state.set(params.repo, counted.stars);
  },
);

export default d;
