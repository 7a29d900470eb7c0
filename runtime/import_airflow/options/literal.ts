/** Known values as TypeScript. */
import { type Code, code, keyOf, quoted } from "../code.ts";
import type { Value } from "../evaluate/value.ts";

/** A value as a literal; undefined when a part of it is known only in a run. */
export function literal(value: Value): Code | undefined {
  if (value.kind === "plain")
    return code(typeof value.value === "string" ? quoted(value.value) : String(value.value));
  if (value.kind === "list") {
    const items = value.items.map(literal);
    return all(items) ? code(`[${items.map((item) => item?.text).join(", ")}]`) : undefined;
  }
  if (value.kind !== "dict") return undefined;
  const entries = [...value.entries].map(([key, one]) => [key, literal(one)] as const);
  if (!all(entries.map(([, one]) => one))) return undefined;
  const written = entries.map(([key, one]) => `${keyOf(key)}: ${one?.text}`);
  return code(written.length === 0 ? "{}" : `{ ${written.join(", ")} }`);
}

function all(codes: readonly (Code | undefined)[]): boolean {
  return codes.every((one) => one !== undefined);
}
