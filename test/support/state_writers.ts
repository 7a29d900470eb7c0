/** Finds SQL that writes the state of a table, in the text of a source file. */

/** `insert into dagsmith.dag_run`, `update only "dag_run"`; `merge` and `copy` too. */
function writesOf(table: string): RegExp {
  const name = `(?:\\w+\\.)?"?${table}"?(?!\\w)`;
  return new RegExp(
    `\\b(insert into|update|merge into|copy)\\s+(?:only\\s+)?${name}([^\`;]*)`,
    "gi",
  );
}

/**
 * A target of a set list; a comparison in a condition has an alias or stands after `and`.
 */
const SETS_STATE = /\bset\s*\$\{|(?:\bset|,)\s*"?state"?\s*=|\([^()]*\bstate\b[^()]*\)\s*=/i;

/**
 * The first words of each statement that writes the state of the table. A new row always
 * has a state, so each insert counts. So does an update whose set list is not in the
 * text.
 */
export function stateWritersIn(text: string, table: string): readonly string[] {
  return [...text.matchAll(writesOf(table))]
    .filter(([, verb, rest]) => verb?.toLowerCase() !== "update" || SETS_STATE.test(rest ?? ""))
    .map(([found]) => found.replaceAll(/\s+/g, " ").slice(0, 60));
}

/** Writes to a table that the text does not name. */
export function unnamedWritesIn(text: string): readonly string[] {
  const writes = /\b(?:insert into|update|merge into)\s+(?:only\s+)?(?:dagsmith\.)?\$\{.{0,40}/gi;
  return [...text.matchAll(writes)].map(([found]) => found);
}
