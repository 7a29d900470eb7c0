/**
 * dagsmith, pg-boss and DBOS, each with no-op jobs from its queue and with 40 steps
 * in a chain. Their packages are installed into a scratch folder for this run alone.
 */
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { atLeast, atMost, type Row } from "./row.ts";
import { benchServer, openStand } from "./stand.ts";

const run = promisify(execFile);
const PEERS = fileURLToPath(new URL("peers", import.meta.url));
const WIDTH = 1_000;
const LENGTH = 40;
const SLOTS = 16;

const DAGS = `
import { chain, dag } from "dagsmith";
const wide = dag("wide");
for (let i = 0; i < ${WIDTH}; i++) wide.task("task_" + i, async () => {});
const long = dag("chain");
chain(...Array.from({ length: ${LENGTH} }, (_, index) => long.task("task_" + index, async () => {})));
export default [wide, long];
`;

const figures = z.object({ jobsPerSecond: z.number(), chainSeconds: z.number() });
type Figures = z.infer<typeof figures>;
const answer = z.record(z.string(), figures);

export async function peerRows(): Promise<readonly Row[]> {
  const ours = await measureOurs();
  return Object.entries(await measurePeers()).flatMap(([peer, theirs]) => [
    atLeast(
      `no-op tasks of one run, over queued jobs of ${peer} (${theirs.jobsPerSecond.toFixed(0)}/s)`,
      ours.jobsPerSecond / theirs.jobsPerSecond,
      "x",
      1,
    ),
    atMost(
      `a chain of ${LENGTH} tasks, over that of ${peer} (${theirs.chainSeconds.toFixed(2)} s)`,
      ours.chainSeconds / theirs.chainSeconds,
      "x",
      1,
    ),
  ]);
}

async function measureOurs(): Promise<Figures> {
  await using stand = await openStand();
  await stand.deploy(DAGS);
  const worker = await stand.startWorker(SLOTS);
  try {
    // The first run also loads the bundle.
    await stand.run("wide");
    const wide = await stand.run("wide");
    const chain = await stand.run("chain");
    return { jobsPerSecond: WIDTH / (wide.ms / 1_000), chainSeconds: chain.ms / 1_000 };
  } finally {
    await worker.stop();
  }
}

async function measurePeers(): Promise<Readonly<Record<string, Figures>>> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-peers-"));
  const server = await benchServer();
  try {
    await cp(PEERS, folder, { recursive: true });
    await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: folder });
    const { stdout } = await run(process.execPath, ["measure.mjs", server.url], { cwd: folder });
    return answer.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
