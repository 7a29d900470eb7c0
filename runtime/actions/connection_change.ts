/**
 * What the audit says of a change of a connection: which fields were set, and which have
 * another value now. The values stay sealed: a reader of the database must not find a
 * host or a login in the audit that the connection keeps closed. Pure.
 */
import { isDeepStrictEqual } from "node:util";
import type { Connection } from "../../sdk/connection.ts";
import type { Json } from "../../sdk/json.ts";
import { valuesOf } from "../connections/edit.ts";
import type { Editable } from "../secrets/stored.ts";

interface ConnectionChange {
  readonly before: Json;
  readonly after: Json;
}

/** @param after null: it is deleted */
export function connectionChange(
  row: Editable<Connection> | undefined,
  after: Connection | null,
): ConnectionChange {
  const before = row?.value ?? null;
  const changed = before && after ? { changed: [...changedFields(before, after)] } : {};
  return {
    before: before ? shown(before) : row ? { unreadable: true } : null,
    after: after && { ...shown(after), ...changed },
  };
}

const shown = (connection: Connection) => ({
  type: connection.type,
  fields: Object.keys(valuesOf(connection)).sort(),
});

function changedFields(before: Connection, after: Connection): readonly string[] {
  const [was, is] = [valuesOf(before), valuesOf(after)];
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort();
  return names.filter((name) => !isDeepStrictEqual(was[name], is[name]));
}
