/** What only the pictures of every screen show: settings, questions, code, deployments. */
import * as actions from "../../runtime/actions/index.ts";
import { recordDeployment } from "../../runtime/store/dags/deployment.ts";
import { parseConnection } from "../../sdk/connection.ts";
import { dag } from "../../sdk/dag/dag.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import { askedRun } from "../support/asked.ts";
import { known } from "../support/migrated.ts";
import type { TestWeb } from "../support/web.ts";
import { ordersSpec } from "./world.ts";

const by = { actor: "ada" };

/** @returns the address of the log of the failed task */
export async function fillMore(web: TestWeb, run: number): Promise<string> {
  await settings(web);
  await people(web);
  await code(web);
  await questions(web);
  await deployments(web);
  const range = { from: "2026-11-01", to: "2026-11-05" };
  await actions.createBackfill(web.db, { dagId: "orders_daily", ...range, ...by });
  await actions.noteRun(web.db, { id: run, note: "The shop was down for an hour", ...by });
  await actions.labelRun(web.db, { id: run, labels: { incident: "INC-42" }, remove: [], ...by });
  await web.rows.sql(
    "insert into dagsmith.import_error (file, line, code, message) values ('prices.ts', 12, 'BUNDLE_FAILED', 'Expected \";\" but found \"of\"')",
  );
  const [failed] = await web.rows.sql(
    "select id from dagsmith.task_instance where run_id = $1 and task_id = 'load'",
    [run],
  );
  return `/logs/${failed?.id}/3`;
}

async function settings({ db, secrets }: TestWeb): Promise<void> {
  for (const url of [
    "postgres://etl:pw-of-etl@db.example.com/warehouse",
    "https://shop.example.com",
  ])
    await actions.setConnection(
      db,
      secrets.stored,
      parseConnection(url.startsWith("p") ? "warehouse" : "shop_api", url),
      by,
    );
  for (const [key, value] of [
    ["region", "eu-west-1"],
    ["api_token", "tok-1234567"],
  ] as const)
    await actions.setVariable(db, secrets.stored, key, value, by);
  for (const [name, slots] of [
    ["warehouse", 8],
    ["shop_api", 2],
  ] as const)
    await actions.setPool(db, { name, slots, ...by });
}

async function people({ db }: TestWeb): Promise<void> {
  await actions.addUser(db, { name: "ada", grants: [{ role: "admin", tag: null }], ...by });
  await actions.addUser(db, { name: "grace", grants: [{ role: "operator", tag: "shop" }], ...by });
  const token = { scopes: ["dag.read", "dag.operate"] as const, days: 90 };
  await actions.createToken(db, { user: "tester", name: "ci", ...token, ...by });
}

/** A second version of a DAG, each with a source. */
async function code({ rows }: TestWeb): Promise<void> {
  await source(rows, SOURCE.replace("pageSize: 500", "pageSize: 100"));
  await rows.dag(ordersSpec());
  await source(rows, SOURCE);
}

const SOURCE = `import { dag } from "dagsmith";
import { postgres } from "dagsmith/plugins/postgres";

/** The orders of a day, from the shop to the warehouse. */
const d = dag("orders_daily", { schedule: "0 4 * * *", tags: ["shop", "warehouse"] });

const extract = d.task("extract", async ({ dataInterval, http }) => {
  const pages = await http.pages("/orders", { since: dataInterval.start, pageSize: 500 });
  return pages.flat();
});

const load = d.task("load", { orders: extract }, async ({ orders }) => {
  // The table has a key on the id, so a second try writes no row twice.
  await postgres("warehouse").insert("orders", orders);
});

export default d;
`;

async function source(rows: TestWeb["rows"], text: string): Promise<void> {
  const map = { sources: ["orders_daily.ts"], sourcesContent: [text] };
  await rows.sql(
    `update dagsmith.bundle set source_map = $1 where hash = (
       select bundle_hash from dagsmith.dag_version where dag_id = 'orders_daily'
       order by id desc limit 1)`,
    [Buffer.from(JSON.stringify(map))],
  );
}

async function questions({ db }: TestWeb): Promise<void> {
  const asks = dag("publish_prices");
  asks.ask("approve", { subject: "-", options: ["Publish", "Reject"] });
  await known(db, describeDag(asks));
  await askedRun(db, "publish_prices");
}

async function deployments({ db }: TestWeb): Promise<void> {
  for (const [externalId, reason] of [
    ["8f14e45", "the first"],
    ["c9f0f89", "larger pages"],
  ] as const)
    await recordDeployment(db, {
      ...{
        kind: "deploy",
        externalId,
        digest: externalId.repeat(10).slice(0, 64),
        restoredId: null,
      },
      ...{ ...by, reason },
    });
}
