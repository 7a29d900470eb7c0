/**
 * When updates of assets make a run: `asset.condition` asks the rule alone, `asset.queue`
 * plays the updates on a real database.
 */
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { updateAsset } from "../../../runtime/actions/assets.ts";
import { startPostgres } from "../../../runtime/embedded/postgres.ts";
import { migrateQueue } from "../../../runtime/executor/queue.ts";
import { deployVersions } from "../../../runtime/store/dags/deploy.ts";
import { type Database, openDatabase } from "../../../runtime/store/database/database.ts";
import { migrate } from "../../../runtime/store/database/migrate.ts";
import { listRuns } from "../../../runtime/store/reads/run_list.ts";
import { isMet } from "../../../runtime/timetable/sources/asset_condition.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { conditionOf } from "../../../sdk/describe/describe_assets.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import {
  type AssetExpression,
  allOf,
  anyOf,
  asset,
  assetAlias,
} from "../../../sdk/sources/asset.ts";
import { area } from "../area.ts";

type Condition =
  | string
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly alias: string };
const CONDITION: z.ZodType<Condition> = z.lazy(() =>
  z.union([
    z.string(),
    z.strictObject({ all: z.array(CONDITION) }),
    z.strictObject({ any: z.array(CONDITION) }),
    z.strictObject({ alias: z.string() }),
  ]),
);

const ASKED = z.object({
  condition: CONDITION,
  updated: z.array(z.string()),
  aliases: z.record(z.string(), z.array(z.string())).default({}),
});

export const assetCondition = area(ASKED, ({ condition, updated, aliases }) => ({
  satisfied: isMet(
    conditionOf(expressionOf(condition)),
    new Set(updated.map(uriOf)),
    new Map(Object.entries(aliases).map(([alias, names]) => [alias, names.map(uriOf)])),
  ),
}));

const PLAYED = z.object({
  condition: CONDITION,
  events: z.array(z.tuple([z.string(), z.number()])),
});

export const assetQueue = area(PLAYED, async ({ condition, events }) => {
  await using stand = await openStand();
  const { db } = stand;
  const dagId = await deployWaiting(db, condition);
  const runsAt: number[] = [];
  for (const [name, at] of events.toSorted(([, a], [, b]) => a - b)) {
    const before = runsAt.length;
    await updateAsset(db, { uri: uriOf(name), actor: "conformance" });
    const made = (await listRuns(db, { dagId, limit: events.length })).length;
    for (let run = before; run < made; run++) runsAt.push(at);
  }
  return { runs_at: runsAt };
});

/** The names of cases are no URIs. */
function uriOf(name: string): string {
  return `case://${name}`;
}

function expressionOf(condition: Condition): AssetExpression {
  if (typeof condition === "string") return asset(uriOf(condition));
  if ("alias" in condition) return assetAlias(condition.alias);
  return "all" in condition
    ? allOf(...expressionsOf(condition.all))
    : anyOf(...expressionsOf(condition.any));
}

/** None is refused by what is made of them, as a DAG file's would be. */
function expressionsOf(conditions: readonly Condition[]): [AssetExpression, ...AssetExpression[]] {
  return conditions.map(expressionOf) as [AssetExpression, ...AssetExpression[]];
}

/** A PostgreSQL of this case alone. */
async function openStand(): Promise<{ readonly db: Database } & AsyncDisposable> {
  const folder = join(tmpdir(), `dagsmith-conformance-${randomUUID()}`);
  const postgres = await startPostgres({ folder, settings: ["fsync=off"] });
  const db = openDatabase(postgres.url, { poolSize: 4 });
  await migrate(db);
  await migrateQueue(db);
  return {
    db,
    async [Symbol.asyncDispose]() {
      await db.close();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function deployWaiting(db: Database, condition: Condition): Promise<string> {
  const d = dag("waiting", { schedule: expressionOf(condition), maxActiveRuns: 1_000 });
  d.empty("only");
  const code = Buffer.from("");
  const version = {
    dagId: d.dagId,
    versionHash: "1",
    bundleHash: "1",
    file: "waiting.ts",
    spec: describeDag(d),
    positions: {},
  };
  await db.transaction((tx) => deployVersions(tx, [{ ...version, code, sourceMap: code }]));
  return d.dagId;
}
