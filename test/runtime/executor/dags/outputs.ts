/**
 * What tasks return, sound and unsound. The casts stand for code that the compiler did
 * not see.
 */
import { dag } from "dagsmith";

const d = dag("outputs");
d.task("nothing", async () => undefined);
d.task("text", async () => ({ text: "a\0b \ud800 é 🚀 \u2028", deep: [[[null, false, 0]]] }));
d.task("a_bigint", async () => ({ rows: [{ id: 1n }] }) as never);
d.task("a_map", async () => new Map([["a", 1]]) as never);
d.task("a_function", async () => ({ then_some: () => 1 }) as never);
d.task("a_cycle", async () => {
  const node: Record<string, unknown> = {};
  node.self = node;
  return node as never;
});
d.task("too_large", { retries: 3 }, async () => "x".repeat(9_000_000));
export default d;
