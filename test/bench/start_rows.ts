/**
 * How soon there is something to see: `dag test` of a small DAG, and `dag dev` from an
 * empty folder: rows 8 and 9. Measured on the build.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { signIn } from "../support/signed_in.ts";
import { atMost, median, type Row } from "./row.ts";

const BIN = fileURLToPath(new URL("../../dist/runtime/cli/bin.js", import.meta.url));
const REPEATS = 5;

const SMALL_DAG = `
import { chain, dag } from "dagsmith";
const d = dag("small");
const numbers = d.task("numbers", async () => [1, 2, 3]);
d.task("sum", { inputs: { numbers } }, async ({ inputs, log }) => log.info("sum", inputs.numbers.reduce((a, b) => a + b, 0)));
chain(d.empty("begin"), numbers);
export default d;
`;

export async function startRows(): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-bench-"));
  try {
    await mkdir(join(folder, "dags"));
    await writeFile(join(folder, "dags", "small.ts"), SMALL_DAG);
    const tests: number[] = [];
    for (let run = 0; run < REPEATS; run++) tests.push(await testSeconds(folder));
    return [
      atMost("`dag test` of a small DAG, process start included", median(tests), "s", 1),
      atMost("`dag dev` from nothing to a page that answers", await devSeconds(folder), "s", 4),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function testSeconds(folder: string): Promise<number> {
  const startedAt = performance.now();
  const [code] = (await once(dag(folder, "test", "dags/small.ts"), "exit")) as [number];
  if (code !== 0) throw new Error(`dag test ended with ${code}`);
  return (performance.now() - startedAt) / 1_000;
}

async function devSeconds(folder: string): Promise<number> {
  const startedAt = performance.now();
  const dev = dag(folder, "dev");
  try {
    const { origin, searchParams } = new URL(await pageLink(dev));
    const cookie = await signIn(origin, searchParams.get("token") ?? "");
    const page = await fetch(origin, { headers: { cookie } });
    if (!page.ok) throw new Error(`the page answered ${page.status}`);
    return (performance.now() - startedAt) / 1_000;
  } finally {
    dev.kill("SIGINT");
    await once(dev, "exit");
  }
}

/** The link that signs in, as `dag dev` prints it. */
async function pageLink(dev: ChildProcess): Promise<string> {
  if (dev.stdout)
    for await (const line of createInterface({ input: dev.stdout })) {
      const link = /http:\S+token=\S+/.exec(line);
      if (link) return link[0];
    }
  throw new Error("dag dev ended without a page");
}

function dag(folder: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [BIN, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, DATABASE_URL: "", DAG_WEB_PORT: "0" },
  });
}
