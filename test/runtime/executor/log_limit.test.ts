/**
 * The log of a try that writes too much: its first lines and its last ones are kept, and
 * it says what is missing.
 */
import { expect, onTestFinished, test } from "vitest";
import { LogLimit } from "../../../runtime/executor/log_limit.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { deploy, logOf, runToEnd, testWorker } from "../../support/worker.ts";

const postgres = migratedDatabase();
const LIMIT = 256 * 1024;

const CHATTY = `
import { dag } from "dagsmith";
const d = dag("chatty");
d.task("writes", ({ log }) => { for (let line = 1; line <= 20_000; line++) log.info("line " + line + " " + "x".repeat(80)); });
d.task("short", ({ log }) => { for (let line = 1; line <= 1_000; line++) log.info("line " + line + " " + "y".repeat(80)); });
export default d;
`;

const LOUD = `
import { dag } from "dagsmith";
import { shell } from "dagsmith/plugins/process";
const d = dag("loud");
d.task("prints", shell("head -c 50000000 /dev/zero | tr '\\\\0' x | fold -w 5000"));
export default d;
`;

test("a log keeps its first and its last lines within its limit, and says what is missing", async () => {
  const worker = await testWorker(postgres.db, { logBytes: LIMIT });
  onTestFinished(() => worker.stop());
  await deploy(postgres.db, await dagFolder({ "chatty.js": CHATTY }));
  const run = await runToEnd(postgres.db, "chatty");
  expect(run.state).toBe("success");
  const lines = await logOf(postgres.db, run.task("writes"));
  expect(lines[0]!.text).toMatch(/^line 1 /);
  expect(lines.at(-1)!.text).toMatch(/^line 20000 /);
  const cut = lines.filter(({ source }) => source === "dagsmith");
  expect(cut.map(({ text }) => text)).toEqual([
    expect.stringMatching(
      /^\d+ bytes were left out here: the log of a try has at most 262144 bytes \(DAG_LOG_MAX_BYTES\)$/,
    ),
  ]);
  const numbers = lines
    .filter(({ source }) => source !== "dagsmith")
    .map(({ text }) => Number(text.split(" ")[1]));
  const gaps = numbers.filter((number, index) => index > 0 && number !== numbers[index - 1]! + 1);
  expect(gaps).toHaveLength(1);
  expect(await logOf(postgres.db, run.task("short"))).toHaveLength(1_000);
  const sizes = await rows<{ bytes: number }>(
    postgres.db,
    "select sum(octet_length(lines))::bigint as bytes from dagsmith.log_chunk group by task_instance_id",
  );
  for (const { bytes } of sizes) expect(bytes).toBeLessThan(LIMIT + 1_000);
});

test("a process that prints far more than a log holds succeeds, and fills its log once", async () => {
  const worker = await testWorker(postgres.db, { logBytes: LIMIT });
  onTestFinished(() => worker.stop());
  await deploy(postgres.db, await dagFolder({ "loud.js": LOUD }));
  const run = await runToEnd(postgres.db, "loud");
  expect(run.state).toBe("success");
  const lines = (await logOf(postgres.db, run.task("prints"))).map(({ text }) => text);
  expect(lines.filter((text) => / bytes were left out here: /.test(text))).toHaveLength(1);
  expect(lines.join("").length).toBeLessThan(LIMIT + 1_000);
});

test("a sensor that logs at each poke fills its log once, and a full log takes nothing more", () => {
  const poke = `${"z".repeat(99)}\n`;
  let [written, cuts] = [0, 0];
  for (let pokes = 0; pokes < 1_000; pokes++) {
    const limit = new LogLimit(10_000, written);
    const kept = [...limit.take(Array(3).fill(poke)), ...limit.takeLast()];
    written += kept.join("").length;
    cuts += limit.cutBytes > 0 ? 1 : 0;
  }
  expect([written, cuts]).toEqual([10_000, 1]);
});
