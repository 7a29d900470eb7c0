/**
 * Assets from one DAG to the next: what a task says of its update arrives at the run that
 * it makes.
 */
import { asset, assetAlias, chain, dag } from "dagsmith";

const counted = asset<{ rows: number }>("s3://worker/counted");
const exported = assetAlias("worker_exports");

const writer = dag("asset_writer");
const counting = writer.task("count", { outlets: [counted, exported] }, async ({ assets }) => {
  assets.update(counted, { extra: { rows: 1 } });
  assets.update(counted, { extra: { rows: 2 } });
  assets.update(asset("s3://worker/exported"), { alias: "worker_exports", extra: { by: "alias" } });
});
const wrong = writer.task("updates_what_it_does_not_name", async ({ assets }) => {
  assets.update(counted, { extra: { rows: 1 } });
});
chain(counting, wrong);

const reader = dag("asset_reader", { schedule: counted });
reader.task("read", { inlets: [counted] }, async ({ triggeredBy, assets, trigger }) => ({
  rows: triggeredBy(counted).map(({ extra }) => extra.rows),
  inlets: (await assets.events(counted, { limit: 1 })).map(({ extra }) => extra.rows),
  others: triggeredBy(asset("s3://worker/exported")).length,
  trigger: trigger?.type ?? null,
}));

const alias = dag("asset_alias_reader", { schedule: exported });
alias.task("read", async ({ trigger }) =>
  trigger?.type === "assets" ? trigger.events.map(({ uri, extra }) => [uri, extra]) : null,
);
alias.task(
  "reads_what_it_does_not_name",
  async ({ assets }) => (await assets.events(counted)).length,
);

export default [writer, reader, alias];
