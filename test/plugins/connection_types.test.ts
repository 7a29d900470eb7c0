/** What holds for the connection types of every plugin. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { type ConnectionType, type HookDefinition, type HookRef, parseConnection } from "dagsmith";
import { describe, expect, test } from "vitest";
import { BUILT_IN } from "../../runtime/child/types_request.ts";
import { looksSecret, secretValuesOf } from "../../runtime/secrets/secret_values.ts";

const plugins = readdirSync("plugins").filter((name) => existsSync(`plugins/${name}/index.ts`));
const types: ConnectionType[] = [];
const hooks: HookDefinition<unknown>[] = [];
for (const name of plugins) {
  const module = (await import(`../../plugins/${name}/index.ts`)) as {
    readonly connectionTypes?: readonly ConnectionType[];
  };
  for (const [exported, make] of Object.entries(module))
    if (/Hook$/.test(exported))
      hooks.push((make as unknown as (id: string) => HookRef<unknown>)("id").definition);
  types.push(...(module.connectionTypes ?? []));
}

interface Field {
  readonly title?: string;
  readonly writeOnly?: boolean;
}
const fieldsOf = (type: ConnectionType): readonly (readonly [string, Field])[] =>
  Object.entries(
    (type.jsonSchema() as unknown as { properties: Record<string, Field> }).properties,
  );

test("every hook takes types that the page knows", () => {
  const known = types.flatMap(({ ids }) => ids);
  expect(hooks.length).toBeGreaterThan(10);
  expect(hooks.flatMap((hook) => hook.types).filter((type) => !known.includes(type))).toEqual([]);
  const withTypes = plugins.filter((name) =>
    /export const connectionTypes/.test(readFileSync(`plugins/${name}/index.ts`, "utf8")),
  );
  // The page and the command line know these only.
  expect([...BUILT_IN].sort()).toEqual(withTypes.sort());
});

test("no two types have the same name", () => {
  const ids = types.flatMap((type) => type.ids);
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
});

describe.each(types.map((type) => [type.id, type] as const))("%s", (_, type) => {
  test("reads its own example, and its aliases", () => {
    for (const id of type.ids) {
      const uri = type.example.replace(/^[^:]+/, id);
      expect(() => type.read(parseConnection("example", uri))).not.toThrow();
    }
  });

  test("has a title for each field", () => {
    expect(fieldsOf(type).filter(([, field]) => !field.title)).toEqual([]);
  });

  test("has secret fields only under names that the masker hides", () => {
    const secrets = fieldsOf(type).filter(([, { writeOnly }]) => writeOnly === true);
    const address = secrets.some(([name]) => name === "schema") ? ["host", "schema"] : [];
    const others = ["headers", "password", ...address];
    const plain = secrets.map(([name]) => name).filter((name) => !others.includes(name));
    expect(plain.filter((name) => !looksSecret(name))).toEqual([]);
    if (address.length > 0) expect(hiddenPaths(type)).toEqual(PATHS);
  });
});

const PATHS = Array(3).fill("services/T1/s3cret");

/** What the masker hides of an address that is a secret, in each form that it may have. */
function hiddenPaths({ ids: [id = ""] }: ConnectionType): readonly string[] {
  const whole = encodeURIComponent("https://hooks.example.com/services/T1/s3cret");
  const uris = ["hooks.example.com/services%2FT1%2Fs3cret", whole, `?webhook_url=${whole}`];
  return uris.flatMap((rest) =>
    secretValuesOf(parseConnection("hook", `${id}://${rest}`)).filter((text) =>
      text.startsWith("services"),
    ),
  );
}
