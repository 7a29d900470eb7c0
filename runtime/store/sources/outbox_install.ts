/**
 * Installs the outbox in a user's database: a schema with one table and one function, and
 * a trigger on each subscribed table. Runs on request only, in one transaction, any
 * number of times; and removes all of it again.
 */
import pg from "pg";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { EventSpec } from "../../../sdk/spec/index.ts";
import type { EventClient } from "./event_database.ts";

export type ChangesSpec = Extract<EventSpec, { type: "postgresChanges" }>;

/** The channel that a change notifies; it carries the id of the subscription. */
export const CHANNEL = "dagsmith_events";

// The function runs as its owner, so that writers of the table need no right on the
// outbox. A renamed key column is null in the change; it must not make the users' writes
// fail. Time zone and search path are fixed, so that every session writes a key alike.
const OUTBOX = `
create schema if not exists dagsmith_events;
create table if not exists dagsmith_events.change (
  id uuid primary key default gen_random_uuid(),
  seq bigint generated always as identity,
  subscription_id uuid not null,
  operation text not null,
  schema_name text not null,
  table_name text not null,
  old_key jsonb,
  new_key jsonb,
  at timestamptz not null default clock_timestamp()
);
create index if not exists change_waiting on dagsmith_events.change (subscription_id, seq);
create or replace function dagsmith_events.record_change() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $function$
declare
  old_row jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  new_row jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
begin
  insert into dagsmith_events.change
    (subscription_id, operation, schema_name, table_name, old_key, new_key)
  select tg_argv[0]::uuid, lower(tg_op), tg_table_schema, tg_table_name,
    case when old_row is not null then jsonb_object_agg(k, old_row ->> k) end,
    case when new_row is not null then jsonb_object_agg(k, new_row ->> k) end
  from unnest(tg_argv[1:]) k;
  perform pg_notify('${CHANNEL}', tg_argv[0]);
  return null;
end $function$;`;

// The primary key, or a unique index over columns that cannot be null: it names each row.
const KEY = `
select array(select a.attname::text from unnest(i.indkey) with ordinality k (attnum, n)
  join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
  where k.n <= i.indnkeyatts order by k.n) as columns
from pg_index i
where i.indrelid = $1 and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
  and not exists (select from unnest(i.indkey) with ordinality k (attnum, n)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
    where k.n <= i.indnkeyatts and not a.attnotnull)
order by i.indisprimary desc, i.indexrelid limit 1`;

const TABLE = `
select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p')`;

// By the name of the trigger, which is unique to the subscription: the table may have
// been renamed.
const TRIGGERS = `
select n.nspname as schema, c.relname as table, obj_description(t.oid, 'pg_trigger') as made_as
from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
where t.tgname = $1 and t.tgparentid = 0`;

const OTHER_TRIGGERS = `
select from pg_trigger t
join pg_proc p on p.oid = t.tgfoid join pg_namespace n on n.oid = p.pronamespace
where n.nspname = 'dagsmith_events' and p.proname = 'record_change' limit 1`;

const { escapeIdentifier: name, escapeLiteral: literal } = pg;

export interface Installed {
  /** The columns that name a row. */
  readonly key: readonly string[];
  /** False when the same trigger was already there. */
  readonly isNew: boolean;
}

/**
 * Installs the trigger of a subscription on its table. Waits at most 10 s for the lock of
 * the table, whose writers wait meanwhile.
 * @throws DagsmithError EVENT_TABLE_MISSING, EVENT_TABLE_WITHOUT_KEY
 */
export function installTrigger(
  client: EventClient,
  subscriptionId: string,
  spec: ChangesSpec,
): Promise<Installed> {
  const table = `${name(spec.schema)}.${name(spec.table)}`;
  return inTransaction(client, async () => {
    const key = await keyOf(client, spec);
    const parameters = [subscriptionId, ...key].map((one) => literal(one)).join(", ");
    const made = `create trigger ${triggerOf(subscriptionId)}
after ${spec.operations.join(" or ")} on ${table} for each row
execute function dagsmith_events.record_change(${parameters})`;
    const { rows } = await client.query<{ schema: string; table: string; made_as: string | null }>(
      TRIGGERS,
      [triggerOf(subscriptionId)],
    );
    if (rows.length === 1 && rows[0]?.made_as === made) return { key, isNew: false };
    await client.query(OUTBOX);
    await dropTriggers(client, subscriptionId, rows);
    await client.query(made);
    await client.query(
      `comment on trigger ${triggerOf(subscriptionId)} on ${table} is ${literal(made)}`,
    );
    return { key, isNew: true };
  });
}

/**
 * Removes the trigger of a subscription and its waiting changes; with the last one also
 * the outbox.
 */
export function removeTrigger(client: EventClient, subscriptionId: string): Promise<void> {
  return inTransaction(client, async () => {
    const { rows } = await client.query<{ schema: string; table: string }>(TRIGGERS, [
      triggerOf(subscriptionId),
    ]);
    await dropTriggers(client, subscriptionId, rows);
    const outbox = await client.query(
      "select to_regclass('dagsmith_events.change') is not null as stands",
    );
    if (!outbox.rows[0]?.stands) return;
    await client.query("delete from dagsmith_events.change where subscription_id = $1", [
      subscriptionId,
    ]);
    const others = await client.query(OTHER_TRIGGERS);
    if (others.rowCount === 0) await client.query("drop schema dagsmith_events cascade");
  });
}

async function keyOf(
  client: EventClient,
  { connection, schema, table }: ChangesSpec,
): Promise<readonly string[]> {
  const found = await client.query<{ oid: number }>(TABLE, [schema, table]);
  const shown = `${schema}.${table}`;
  if (!found.rows[0]) throw new DagsmithError("EVENT_TABLE_MISSING", { connection, table: shown });
  const key =
    (await client.query<{ columns: readonly string[] }>(KEY, [found.rows[0].oid])).rows[0]
      ?.columns ?? [];
  if (key.length === 0) throw new DagsmithError("EVENT_TABLE_WITHOUT_KEY", { table: shown });
  return key;
}

async function dropTriggers(
  client: EventClient,
  subscriptionId: string,
  on: readonly { readonly schema: string; readonly table: string }[],
): Promise<void> {
  for (const { schema, table } of on)
    await client.query(
      `drop trigger ${triggerOf(subscriptionId)} on ${name(schema)}.${name(table)}`,
    );
}

function triggerOf(subscriptionId: string): string {
  return `dagsmith_${subscriptionId.replaceAll("-", "")}`;
}

/** One installation at a time: two that create the same schema at once would fail. */
async function inTransaction<Result>(
  client: EventClient,
  work: () => Promise<Result>,
): Promise<Result> {
  await client.query("begin");
  try {
    await client.query("select pg_advisory_xact_lock(hashtextextended('dagsmith events', 0))");
    const result = await work();
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}
