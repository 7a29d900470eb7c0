/**
 * Refused logins in the audit. Guesses of one kind from one address are one entry an hour
 * with their count, and the addresses of an hour are limited: so a guesser cannot fill the
 * table.
 */
import type { Queryable, Statement } from "../database/database.ts";

export interface Refusal {
  /** The address, as it is counted. */
  readonly from: string;
  readonly action: "refuse password" | "refuse token" | "refuse link";
  /** A user of the page whose password was wrong; null: the name is not known. */
  readonly user: string | null;
}

/** Entries of one action in an hour; further addresses share one more entry. */
const MOST_ENTRIES = 100;

const RECENT = "action = $2 and at > now() - interval '1 hour'";

const COUNT: Statement = {
  name: "refusal_count",
  text: `
with recent as (
  select id, actor, detail ->> 'user' as username from dagsmith.audit where ${RECENT}
),
asked as (
  select case when count(*) >= ${MOST_ENTRIES} and count(*) filter (where actor = $1) = 0
    then 'stranger from elsewhere' else $1 end as actor
  from recent
),
counted as (
  update dagsmith.audit set detail = json_build_object(
    'user', detail ->> 'user', 'count', (detail ->> 'count')::int + 1, 'last', now())
  where id = (
    select max(id) from recent
    where actor = (select actor from asked) and username is not distinct from $3)
  returning id
)
insert into dagsmith.audit (actor, action, detail)
select actor, $2, json_build_object('user', $3::text, 'count', 1)
from asked where not exists (select from counted)`,
};

/**
 * Counts a refusal in the entry of its hour. Guesses that arrive at the same moment may
 * begin more than one entry; each of them is counted once.
 */
export async function recordRefusal(db: Queryable, { from, action, user }: Refusal): Promise<void> {
  await db.query(COUNT, [`stranger from ${from}`, action, user]);
}
