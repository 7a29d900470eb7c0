/**
 * How deep JSON is nested. Node's parser has no limit, but most code that reads JSON has.
 */
import type { Json } from "../../../sdk/json.ts";

/** Most levels of a body, and of the params of a run. */
export const MAX_DEPTH = 100;

/**
 * Whether there are more than {@link MAX_DEPTH} levels. Level by level, so that it needs
 * no deep stack.
 */
export function isTooDeep(value: Json): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth <= MAX_DEPTH; depth += 1) {
    level = level.flatMap((one) =>
      typeof one === "object" && one !== null ? Object.values(one) : [],
    );
    if (level.length === 0) return false;
  }
  return true;
}
