/**
 * Errors of PostgreSQL as those of a load: by line and column of the file where it can
 * be.
 */
import { FailTask } from "dagsmith";
import { sqlState } from "./catalog.ts";
import type { LineMap } from "./line_map.ts";
import { LOADS_TABLE } from "./load_sql.ts";
import type { CheckedTarget } from "./load_target.ts";

interface ServerError {
  readonly message: string;
  readonly detail?: string;
  readonly where?: string;
}

/**
 * In any language of the server: the row and, where it is known, the column of a COPY.
 */
const COPY_PLACE = /^COPY [^,]+, \D+(\d+)(?:, \S+ ([^:\n]+))?/m;

/** What depends on a table, or cannot be changed in it. */
const CANNOT_CHANGE = ["2BP01", "0A000", "42804", "55006"];

/**
 * Columns that no table can have: too many, without a name, with a name that is taken or
 * too long, of a type that does not exist.
 */
const IMPOSSIBLE = ["54011", "42601", "42701", "42622", "42704", "42P16"];

/** Data that PostgreSQL refuses, and rights that are missing, stay so in a retry. */
export function loadError(target: CheckedTarget, lines: LineMap, error: unknown): unknown {
  const state = sqlState(error);
  const { message, detail, where } = error as ServerError;
  const name = `${target.schema}.${target.table}`;
  if (state === "42501")
    return new FailTask(`${name}: ${message}. ${remedy(message, target)}`, { cause: error });
  if (CANNOT_CHANGE.includes(state)) {
    return new FailTask(
      `${name} cannot be ${target.loadType === "rebuild" ? "rebuilt" : "changed"}: ${detail ?? message}. Drop what stands in the way first, or load with loadType "truncate".`,
      { cause: error },
    );
  }
  if (IMPOSSIBLE.includes(state))
    return new FailTask(`${name} cannot be made as the load wants it: ${message}.`, {
      cause: error,
    });
  if (!/^(22|23)/.test(state)) return error;
  const place = placeOf(where, lines);
  return new FailTask(
    `The rows do not fit into ${name}: ${place}${message}${detail ? ` (${detail})` : ""}`,
    { cause: error },
  );
}

function placeOf(where: string | undefined, lines: LineMap): string {
  const [, row, column] = COPY_PLACE.exec(where ?? "") ?? [];
  if (row === undefined) return "";
  return `${lines.unit} ${lines.lineOf(Number(row))}, ${column ? `column "${column}": ` : ""}`;
}

/** The statement that gives the role of the connection what it lacks. */
function remedy(message: string, { schema, table, loadType, loadsSchema }: CheckedTarget): string {
  if (message.includes(LOADS_TABLE))
    return `Let its owner run: grant select, insert on "${loadsSchema}".${LOADS_TABLE} to <role>; or keep that table in another schema with the option loadsSchema.`;
  if (message.includes("schema"))
    return `Let its owner run: grant usage, create on schema "${schema}" to <role>;`;
  if (message.includes("row-level security"))
    return "The role does not see or may not write every row: give it the attribute BYPASSRLS, or a policy for these rows.";
  if (message.includes("owner")) return "Only the owner of a table may change its columns.";
  const rights = loadType === "append" ? "select, insert" : "select, insert, update, delete";
  return `Let its owner run: grant ${rights} on "${schema}"."${table}" to <role>;`;
}
