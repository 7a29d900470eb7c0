/**
 * Every command prints with `--json` what `dag schema` says: each is called here, in this
 * process, on a database that has rows. Other tests of the command line check theirs by
 * test/support/cli.ts.
 */
import { beforeAll, describe, expect, test } from "vitest";
import type { Cli } from "../../../runtime/cli/command.ts";
import { allCommands } from "../../../runtime/cli/commands.ts";
import { commandCall } from "../../../runtime/cli/mcp/command_tool.ts";
import type { Terminal } from "../../../runtime/cli/output/terminal.ts";
import { readConfig } from "../../../runtime/config/config.ts";
import { newSecretKey } from "../../../runtime/secrets/encryption.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { askedRun } from "../../support/asked.ts";
import { newProject, type Project } from "../../support/cli.ts";
import { misfits, printedSchema } from "../../support/documents.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";

const WORK = `import { dag, asset, postgresChanges } from "dagsmith";
const lake = asset("s3://lake/orders");
const orders = postgresChanges({ connection: "shop", table: "orders" });
const d = dag("work", { schedule: "@daily", startDate: "2026-01-01", tags: ["t"] });
const list = d.task("list", () => [1, 2]);
d.ask("go", { subject: "Go?", options: ["yes", "no"] });
d.task("load", { outlets: [lake], inputs: { list } }, () => 1);
export const after = dag("after", { schedule: lake });
after.empty("only");
export const fed = dag("fed", { schedule: null, on: [orders] });
fed.empty("only");
export default [d, after, fed];
`;
/** Their errors have a line and no stack, or a stack. */
const BROKEN = {
  "broken/syntax.ts": "export default {",
  "broken/throws.ts": 'throw new Error("no");',
};
const AIRFLOW = `from airflow import DAG
from airflow.operators.bash import BashOperator
with DAG("old", schedule="@daily"):
    BashOperator(task_id="say", bash_command="echo hi")
`;
const KEYS = `${newSecretKey()} ${newSecretKey()}`;

const postgres = migratedDatabase();
let project: Project;
beforeAll(async () => {
  project = await newProject({ "dags/work.ts": WORK, "old.py": AIRFLOW, ...BROKEN });
  await rows(postgres.db, "create table public.orders (id int primary key)");
  return () => project.remove();
});

type Input = Readonly<Record<string, unknown>>;

/** The calls of each command, in this order: later ones find what earlier ones made. */
const CALLS: readonly (readonly [string, ...Input[]])[] = [
  ["migrate", {}],
  ["check", {}, { folder: "broken" }],
  ["test", { dag: "after" }],
  ["import airflow", { files: ["old.py"] }],
  [
    "deploy",
    { dry_run: true },
    { folder: "broken", dry_run: true },
    { external_id: "c1" },
    { external_id: "c1" },
  ],
  ["list", {}, { folder: "dags" }, { folder: "broken" }],
  ["show", { dag: "work" }],
  ["next", { dag: "work" }, { dag: "after" }],
  ["simulate", { dag: ["work"], from: "2026-01-01", to: "2026-01-05" }],
  ["deployments", {}],
  ["versions", {}, { dag: "work" }],
  ["trigger", { dag: "work" }],
  ["note", { run: "1", text: "seen" }],
  ["label", { run: "1", label: "a=b" }],
  ["runs", {}],
  ["tasks", { run: "1" }, { run: "1", task: "list" }],
  ["why", { run: "1" }],
  ["logs", { run: "1" }, { run: "1", task: "list" }],
  ["callbacks", { run: "1" }],
  ["questions", {}],
  ["answer", { run: "1", task: "go", value: '"yes"' }],
  ["event send", { run: "1", event: "e" }],
  ["cancel", { run: "1", task: "list" }, { run: "1" }],
  ["clear", { run_or_dag: "1", dry_run: true }, { run_or_dag: "1" }],
  ["mark", { run: "1", task_or_state: "success" }],
  ["replay", { run: "1", task: "list" }],
  ["decisions", { dag: "work" }],
  [
    "backfill",
    { dag: "work", from: "2026-01-01", to: "2026-01-02", dry_run: true },
    { dag: "work", from: "2026-01-01", to: "2026-01-02" },
  ],
  ["backfills", {}, { id: "1" }],
  ["backfill-pause", { id: "1" }],
  ["backfill-resume", { id: "1" }],
  ["backfill-cancel", { id: "1" }],
  ["pause", { dag: "work" }],
  ["unpause", { dag: "work" }],
  ["rollback", { deployment: "c1" }],
  ["promote", { dag: "work", version: "1" }, { deployment: "c1" }],
  ["clean", { older_than: "90d", dry_run: true }],
  ["doctor", {}],
  ["connections set", { id: "shop", uri: "here" }],
  ["connections list", {}],
  ["connections get", { id: "shop" }],
  ["connections types", {}, { type: "postgres" }],
  ["connections test", { id: "shop" }],
  ["changes install", { dag: "fed" }],
  ["changes list", {}],
  ["changes uninstall", { dag: "fed" }],
  ["connections clear", { id: "shop", field: ["password"] }],
  ["connections delete", { id: "shop" }],
  ["variables set", { key: "region", value: "eu" }],
  ["variables list", {}],
  ["variables get", { key: "region" }],
  ["keys list", {}],
  ["keys rotate", {}],
  ["variables delete", { key: "region" }],
  ["state set", { scope: "work", key: "k", json: "1" }],
  ["state list", { scope: "work" }],
  ["state get", { scope: "work", key: "k" }],
  ["state delete", { scope: "work", key: "k" }],
  ["pools set", { name: "api", slots: "3" }],
  ["pools list", {}],
  ["pools delete", { name: "api" }],
  ["assets list", {}],
  ["assets update", { uri: "s3://lake/orders" }],
  ["assets events", { uri: "s3://lake/orders" }],
  ["users add", { name: "ada" }],
  ["users list", {}],
  ["users password", { name: "ada" }],
  ["users role", { name: "ada", role: "editor" }],
  ["users logout", { name: "ada" }],
  ["users disable", { name: "ada" }],
  ["users enable", { name: "ada" }],
  ["tokens create", { user: "ada", name: "ci" }],
  ["tokens list", {}],
  ["tokens revoke", { user: "ada", name: "ci" }],
  ["users remove", { name: "ada" }],
  ["audit", {}],
  ["init", { folder: "made" }],
  ["schema", {}, { command: ["connections", "list"] }],
];

/** They print a document only when they are stopped, after their log. */
const SERVICES = ["dev", "start", "scheduler", "worker", "web", "mcp"];

const plain = (text: string): string => text;
const STYLE = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain };

function newCli(): Cli {
  const ignore = (): void => undefined;
  const terminal: Terminal = {
    ...{ isInteractive: false, style: STYLE, out: ignore, note: ignore },
    flush: async () => undefined,
  };
  const { PATH = "", HOME = "" } = process.env;
  const env = { PATH, HOME, DATABASE_URL: postgres.db.url, DAG_SECRET_KEY: KEYS };
  return { config: readConfig(env), terminal, folder: project.folder, say: ignore, json: true };
}

async function outcomeOf(name: string, input: Input) {
  const { command } = allCommands().find((one) => one.name === name)!;
  const uri = input.uri === "here" ? { uri: postgres.db.url } : {};
  const { args, options } = commandCall(command, { ...input, ...uri });
  return command.run(newCli(), args as never, options as never);
}

/** What the command would print. */
async function printed(name: string, input: Input): Promise<unknown> {
  return JSON.parse(JSON.stringify((await outcomeOf(name, input)).json));
}

test("every command is called here, apart from services", () => {
  const called = CALLS.map(([name]) => name);
  expect([...called, ...SERVICES].sort()).toEqual(
    allCommands()
      .map(({ name }) => name)
      .sort(),
  );
});

describe("a command prints a document that fits its schema", () => {
  test.each(CALLS.map(([name, ...inputs]) => ({ name, inputs })))(
    "$name",
    async ({ name, inputs }) => {
      for (const input of inputs)
        expect(await misfits(name.split(" "), await printed(name, input))).toBe("");
    },
  );
});

describe("no command prints a secret that stands in the rows of the database", () => {
  const SECRET = "s3cret-of-api";
  const text = `'before ${SECRET} after'`;
  const json = `'{"text": "${SECRET}", "password": "pw"}'`;
  const log = JSON.stringify({
    ...{ time: "2026-01-01T00:00:00Z", level: "info", source: "task", text: SECRET },
  });
  /** What people and tasks write, and where it stands. */
  const PLANTED = [
    `dag set pause_reason = ${text}, is_paused = true`,
    `dag_version set spec = jsonb_set(spec::jsonb, '{description}', to_jsonb(${text}::text))`,
    `dag_run set note = ${text}, reason = ${text}, params = ${json}`,
    `dag_run_label set value = ${text}`,
    `task_instance set reason = ${text}, error = '{"name": "E", "message": "${SECRET}", "stack": ""}'`,
    `question set subject = ${text}, body = ${text}`,
    `backfill set params = ${json}`,
    `deployment set reason = ${text}`,
    `audit set detail = ${json}`,
    `asset_event set extra = ${json}`,
    `pool set description = ${text}`,
    `state set value = ${json}`,
    `change_subscription set error = ${text}`,
    `import_error set message = ${text}`,
    `callback set failure = ${text}, lines = '${log}'`,
    `log_chunk set lines = '${log}'`,
  ];
  const READING: readonly (readonly [string, Input])[] = [
    ...(["list", "runs", "questions", "deployments", "audit", "backfills"] as const).map(
      (name): [string, Input] => [name, {}],
    ),
    ...[...(["pools list", "assets list", "changes list", "versions"] as const)].map(
      (name): [string, Input] => [name, {}],
    ),
    ["show", { dag: "work" }],
    ["versions", { dag: "work" }],
    ["tasks", { run: "1" }],
    ["tasks", { run: "1", task: "list" }],
    ["why", { run: "1" }],
    ["logs", { run: "1" }],
    ["logs", { run: "1", task: "list" }],
    ["callbacks", { run: "1" }],
    ["decisions", { dag: "work" }],
    ["backfills", { id: "1" }],
    ["backfill-pause", { id: "2" }],
    ["label", { run: "1", label: "b=c" }],
    ["note", { run: "1", text: "seen", was: "before *** after" }],
    ["assets events", { uri: "s3://lake/orders" }],
    ["state list", { scope: "work" }],
    ["state get", { scope: "work", key: "k" }],
  ];
  const found: string[] = [];

  beforeAll(async () => {
    for (const [name, input] of [
      ["variables set", { key: "api_token", value: SECRET }],
      ["connections set", { id: "shop", uri: "here" }],
      ["pools set", { name: "api", slots: "3" }],
      ["changes install", { dag: "fed" }],
      ["state set", { scope: "work", key: "k", json: "1" }],
      ["backfill", { dag: "work", from: "2026-01-01", to: "2026-01-02" }],
    ] as const)
      await printed(name, input);
    await furtherRows();
    for (const one of PLANTED) {
      const [{ n } = { n: 0 }] = await rows(
        postgres.db,
        `with planted as (update dagsmith.${one} returning 1) select count(*)::int as n from planted`,
      );
      if (n === 0) found.push(one);
    }
  });

  async function furtherRows(): Promise<void> {
    const asks = dag("asks");
    asks.ask("sign", { subject: "-", options: ["yes"] });
    await known(postgres.db, describeDag(asks));
    await askedRun(postgres.db, "asks");
    for (const text of [
      "import_error (file, code, message) values ('x.ts', 'X', '-')",
      "callback (run_id, event) values (1, 'onSuccess')",
      `log_chunk (task_instance_id, try_number, seq, lines)
       select id, 1, 0, '' from dagsmith.task_instance where run_id = 1 and task_id = 'list'`,
    ])
      await rows(postgres.db, `insert into dagsmith.${text}`);
  }

  test("the secret stands in rows of each table", () => expect(found).toEqual([]));

  test.each(READING)("%s %o", async (name, input) => {
    const shown = JSON.stringify(await outcomeOf(name, input));
    expect(shown).not.toMatch(/s3cret-of-api|"password":"pw"|password\\\\":\\\\"pw/);
  });
});

test("a document with a field more, a field less or a wrong type does not fit", async () => {
  const document = (await printed("runs", {})) as { runs: Record<string, unknown>[] };
  const [run] = document.runs;
  const { state: _, ...less } = run!;
  for (const wrong of [{ ...run, more: 1 }, less, { ...run, queuedAt: "yesterday" }])
    expect(await misfits(["runs"], { runs: [wrong] })).not.toBe("");
});

test("dag schema prints JSON Schema that other programs read, and names a command that is near", async () => {
  const document = await printed("schema", { command: ["connections", "list"] });
  expect(document).toMatchObject({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    required: ["connections"],
  });
  await expect(printed("schema", { command: ["lst"] })).rejects.toThrow('Did you mean "list"?');
  for (const one of allCommands()) expect(await printedSchema(one)).toBeDefined();
});
