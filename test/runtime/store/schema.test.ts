/**
 * Holds the shape of the schema: a change of a migration that has been released shows
 * here. After an intended change, write the file again with `npx vitest run schema
 * --update` and read its diff.
 */
import { expect, test } from "vitest";
import { migratedDatabase, rows } from "../../support/migrated.ts";

const postgres = migratedDatabase();

const OURS = "relnamespace = 'dagsmith'::regnamespace and relname not like 'migration%'";

/** One line for each part of the schema, with the table it belongs to. */
const PARTS = `
select relname, 1 as rank, attname || ' ' || format_type(atttypid, atttypmod)
  || case when attnotnull then ' not null' else '' end
  || coalesce(' default ' || pg_get_expr(adbin, adrelid), '')
  || case when attidentity = '' then '' else ' identity' end as line
from pg_class c join pg_attribute a on a.attrelid = c.oid and attnum > 0 and not attisdropped
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum where relkind = 'r' and ${OURS}
union all select relname, 2, conname || ' ' || pg_get_constraintdef(o.oid)
from pg_constraint o join pg_class c on c.oid = conrelid where contype <> 'n' and ${OURS}
union all select relname, 3, pg_get_indexdef(indexrelid)
from pg_index i join pg_class c on c.oid = indrelid where not indisprimary and ${OURS}
union all select relname, 4, pg_get_triggerdef(t.oid)
from pg_trigger t join pg_class c on c.oid = tgrelid where not tgisinternal and ${OURS}
union all select relname, 5, 'with (' || array_to_string(reloptions, ', ') || ')'
from pg_class where reloptions is not null and relkind = 'r' and ${OURS}
union all select proname || '()', 6, prosrc
from pg_proc where pronamespace = 'dagsmith'::regnamespace
order by 1, 2, 3`;

test("the migrations make this schema", async () => {
  const parts = await rows<{ relname: string; line: string }>(postgres.db, PARTS);
  const text = [...Map.groupBy(parts, ({ relname }) => relname)]
    .map(([name, lines]) => `${name}\n${lines.map(({ line }) => `  ${line}\n`).join("")}`)
    .join("\n");
  await expect(text).toMatchFileSnapshot("schema.txt");
});
