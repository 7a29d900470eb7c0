/** The log of services: JSON for programs, lines for people, and no secrets in either. */
import { readFileSync } from "node:fs";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import type { Cli } from "../../../runtime/cli/command.ts";
import { openServiceLog } from "../../../runtime/cli/output/service_log.ts";
import type { Terminal } from "../../../runtime/cli/output/terminal.ts";
import { readConfig } from "../../../runtime/config/config.ts";
import { EVENTS } from "../../../runtime/service/events.ts";
import { newProject, output, type Project, stopped } from "../../support/cli.ts";
import { migratedDatabase } from "../../support/migrated.ts";

const WORK = `import { dag } from "dagsmith";
const d = dag("work");
d.task("fails", async ({ connection }) => {
  throw new Error("refused " + (await connection("lake")).password);
});
export default d;
`;
const LAKE = JSON.stringify({ type: "aws", login: "ada", password: "hunter22-of-the-lake" });

const postgres = migratedDatabase();
let project: Project;

beforeAll(async () => {
  const env = { DATABASE_URL: postgres.db.url, DAG_CONN_LAKE: LAKE };
  project = await newProject({ "dags/work.ts": WORK }, env);
  await project.json(["deploy"]);
  return () => project.remove();
});

const plain = (text: string): string => text;

/** A log whose lines a test reads. */
function logTo(lines: string[], { env = {}, isInteractive = false, json = false } = {}) {
  const style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain };
  const out = (line: string): void => void lines.push(line);
  const terminal: Terminal = { isInteractive, style, out, note: out, flush: async () => undefined };
  const cli: Cli = { config: readConfig(env), terminal, folder: ".", say: out, json };
  return openServiceLog(cli, "worker", (text) => text.replaceAll("hunter22", "***"));
}

test("secrets are masked within lists and objects too", () => {
  const lines: string[] = [];
  const { log } = logTo(lines, { env: { DAG_LOG_FORMAT: "json" } });
  log("notice", { text: ["hunter22", { deep: ["x hunter22"] }], count: 1 });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    text: ["***", { deep: ["x ***"] }],
    count: 1,
  });
});

test("a worker whose stdout is no terminal writes JSON only, with ids and without secrets", async () => {
  const env = { DAG_LOG_FORMAT: "", DAG_METRICS_PORT: "0", DAG_LOG_LEVEL: "debug" };
  const scheduler = project.start(["scheduler"]);
  const worker = project.start(["worker"], { env });
  onTestFinished(() => void [scheduler, worker].map((one) => one.kill("SIGKILL")));
  const chunks: string[] = [];
  worker.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk.toString()));
  await output(worker, "service_started");
  await project.dag(["trigger", "work", "--wait"]);
  await output(worker, /"try_failed".*\n/);
  expect(await stopped(worker)).toBe(0);
  const lines = chunks
    .join("")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  for (const { level, time, service, event } of lines)
    expect([
      EVENTS[event as keyof typeof EVENTS].level,
      Number.isNaN(Date.parse(time)),
      service,
    ]).toEqual([level, false, "worker"]);
  const failed = lines.find(({ event }) => event === "try_failed");
  expect(failed).toMatchObject({
    dag: "work",
    run: expect.stringMatching(/^manual__/),
    task: "fails",
    try: 1,
  });
  expect(failed.reason).toContain("refused ***");
  expect(lines.map(({ event }) => event)).toEqual(
    expect.arrayContaining(["notice", "service_started", "try_failed", "service_stopping"]),
  );
  expect(JSON.stringify(lines)).not.toContain("hunter22");
});

test("a secret is masked in every value, in the message of an error and in its stack", () => {
  const lines: string[] = [];
  const { log, cli } = logTo(lines);
  log("request_failed", { error: new Error("hunter22 was refused"), path: "/hunter22" });
  cli.say("the link has hunter22");
  expect(lines.join("\n")).not.toContain("hunter22");
  expect(JSON.parse(lines[0]!)).toMatchObject({
    ...{ level: "error", event: "request_failed", path: "/***" },
    error: { message: "*** was refused", stack: expect.stringContaining("*** was refused\n") },
  });
});

test("a terminal shows words, and a control character of a value cannot move its cursor", () => {
  const lines: string[] = [];
  const { log, cli } = logTo(lines, { isInteractive: true });
  log("worker_lost", { worker: "a\u001b[2Jb", pid: 7 });
  log("request_failed", { error: new Error("hunter22 was refused") });
  cli.say("The page is at http://localhost");
  expect(lines).toEqual([
    expect.stringMatching(/^\d\d:\d\d:\d\d worker lost worker=ab pid=7$/),
    expect.stringMatching(/^\d\d:\d\d:\d\d request failed error=\*\*\* was refused$/),
    "The page is at http://localhost",
  ]);
});

test("a line below the level is not written, and none is beside the document of --json", () => {
  const lines: string[] = [];
  logTo(lines, { env: { DAG_LOG_LEVEL: "warn" } }).log("runs_created", { count: 1 });
  logTo(lines, { json: true }).log("job_failed", { job: "a", reason: "b" });
  expect(lines).toEqual([]);
});

test("docs/logs.md lists every event with its level and its meaning, and no other", () => {
  const table = readFileSync("docs/logs.md", "utf8").split("| event | level | when |")[1] ?? "";
  const rows = Object.entries(EVENTS).map(
    ([name, { level, when }]) => `| \`${name}\` | ${level} | ${when} |`,
  );
  expect(table.trim().split("\n").slice(1)).toEqual(rows);
});
