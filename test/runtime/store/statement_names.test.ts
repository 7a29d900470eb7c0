import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const STORE = fileURLToPath(new URL("../../../runtime/store/", import.meta.url));

test("no two statements share a name: a connection that has prepared one refuses the other", () => {
  const named = globSync("**/*.ts", { cwd: STORE }).flatMap((file) =>
    [...readFileSync(`${STORE}/${file}`, "utf8").matchAll(/\bname: "(\w+)",\s*text:/g)].map(
      ([, name]) => ({ name, file }),
    ),
  );
  expect(named.length).toBeGreaterThan(50);
  const shared = [...Map.groupBy(named, ({ name }) => name).values()].filter(
    (uses) => uses.length > 1,
  );
  expect(shared).toEqual([]);
});
