/**
 * Coding agents call commands as tools: a real client of the protocol starts `dag mcp`.
 */
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { commands } from "../../../runtime/cli/commands.ts";
import { commandCall, inputSchema, toolName } from "../../../runtime/cli/mcp/command_tool.ts";
import { newProject, type Project } from "../../support/cli.ts";
import { callTool } from "../../support/mcp.ts";
import { migratedDatabase } from "../../support/migrated.ts";

const BIN = fileURLToPath(new URL("../../../runtime/cli/bin.ts", import.meta.url));
const WORK = `import { dag } from "dagsmith";
const d = dag("work");
d.task("say", ({ log }) => log.info("hello"));
export default d;
`;

const postgres = migratedDatabase();
let project: Project;
beforeAll(async () => {
  project = await newProject({ "dags/work.ts": WORK }, { DATABASE_URL: postgres.db.url });
  await project.json(["deploy"]);
  return () => project.remove();
});

async function client(...flags: readonly string[]): Promise<Client> {
  const { PATH = "", HOME = "" } = process.env;
  const one = new Client({ name: "test", version: "1.0.0" });
  await one.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [BIN, "mcp", ...flags],
      cwd: project.folder,
      env: { PATH, HOME, DATABASE_URL: postgres.db.url },
    }),
  );
  onTestFinished(() => one.close());
  return one;
}

test("without --act every tool is read-only, and none that acts can be called", async () => {
  const one = await client();
  const { tools } = await one.listTools();
  expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(["list", "why", "logs"]));
  expect(tools.filter(({ annotations }) => !annotations?.readOnlyHint)).toEqual([]);
  expect(await callTool(one, "trigger", { dag: "work" })).toMatchObject({
    isError: true,
    document: { error: { code: "INVALID_ARGUMENT", message: expect.stringContaining("trigger") } },
  });
});

test("a tool answers with the document of its command", async () => {
  const one = await client();
  expect(await callTool(one, "list")).toEqual({
    isError: false,
    document: await project.json(["list"]),
  });
  expect(await callTool(one, "next", { dag: "work", count: "2" })).toMatchObject({
    isError: false,
  });
});

test("with --act an agent triggers a run, finds it, and asks why it waits", async () => {
  const one = await client("--act");
  const { document } = await callTool(one, "trigger", { dag: "work" });
  const { id } = z.object({ id: z.number() }).parse(document);
  expect(await callTool(one, "runs", { dag: "work", limit: 1 })).toMatchObject({
    document: { runs: [{ id }] },
  });
  expect(await callTool(one, "why", { run: String(id) })).toMatchObject({ isError: false });
});

test.each([
  ["show", {}, "INVALID_ARGUMENT"],
  ["show", { dag: "wrok" }, "UNKNOWN_DAG"],
  ["runs", { state: "sleeping" }, "INVALID_ARGUMENT"],
  ["runs", { sate: "failed" }, "INVALID_ARGUMENT"],
  ["nothing", {}, "INVALID_ARGUMENT"],
])("%s with %o answers %s, and the server goes on", async (name, input, code) => {
  const one = await client();
  const { isError, document } = await callTool(one, name, input);
  expect(isError).toBe(true);
  expect(document).toMatchObject({ error: { code } });
  expect((await callTool(one, "list")).isError).toBe(false);
});

describe("a command as a tool", () => {
  const named = (name: string) => commands.find((one) => toolName(one) === name)!;

  test("has its arguments and options, but none that waits", () => {
    expect(inputSchema(named("logs"))).toMatchObject({
      properties: { run: { type: "string" }, task: { type: "string" }, map_index: {}, try: {} },
      required: ["run"],
    });
    expect(Object.keys(inputSchema(named("logs")).properties)).not.toContain("follow");
    expect(inputSchema(named("simulate")).properties.dag).toMatchObject({ type: "array" });
  });

  test("gets what the command line would give it", () => {
    const none = { upstream: null, index: null };
    const input = { run_or_dag: 42, only_failed: true, downstream: false, task: "load", ...none };
    expect(commandCall(named("clear"), input)).toEqual({
      args: ["42"],
      options: { onlyFailed: true, downstream: undefined, task: "load" },
    });
  });
});
