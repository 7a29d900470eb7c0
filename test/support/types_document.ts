/** docs/connections.md, written from the connection types. */
import type { DescribedType } from "../../runtime/connections/connection_types.ts";
import { fieldsOf } from "../../runtime/connections/fields.ts";

const HEAD = `# Connections

A connection says where an outside system is, and how to log in to it. Tasks name it by its
id. [Secrets](secrets.md) says where connections are looked up.

\`\`\`sh
dag connections types                # the types below, and those of your packages
dag connections set lake postgres://etl:secret@db:5432/lake
dag connections set lake --type postgres --host db --login etl --password -
dag connections test lake            # exit code 1 when the system does not answer
\`\`\`

On the page, **Connections** shows a form for each type. Secrets are only written: the page
and the API never show them, and an empty field keeps the stored one. A change is refused
when another user has changed the connection since you opened it.

A URI has Airflow's form: \`type://login:password@host:port/schema?field=value\`, every part
percent-encoded. The fields \`host\`, \`port\`, \`login\`, \`password\` and \`schema\` are parts of it;
all others are in \`extra\`, after the question mark. A field that is wrong is refused by
name when the connection is set, and when a hook opens it.

A test runs in a process of its own, on the machine of the page or the command line, for
at most 15 seconds. It changes nothing in the other system.

## Types of your own

A package, or a file of the project, exports \`connectionTypes\`. Name it in
\`DAG_CONNECTION_TYPES\`, such as \`dagsmith-redis,./connection_types.ts\`, for the page and the
command line.

\`\`\`ts
import { connectionType } from "dagsmith";
import { z } from "zod";

export const redisConnection = connectionType({
  id: "redis",
  title: "Redis",
  example: "redis://:secret@cache:6379",
  fields: z.object({
    host: z.string().meta({ title: "Host" }),
    port: z.int().default(6379).meta({ title: "Port" }),
    password: z.string().optional().meta({ title: "Password", writeOnly: true }),
  }),
  test: async ({ host, port, password }) => ping(host, port, password),
});
export const connectionTypes = [redisConnection];
\`\`\`

A hook takes \`redisConnection.ids\` as its \`types\`, and opens its client from
\`redisConnection.read(connection)\`.
`;

export function typesDocument(types: readonly DescribedType[]): string {
  return [HEAD, ...types.map(section)].join("\n");
}

function section(type: DescribedType): string {
  const rows = fieldsOf(type).map(({ name, title, kind, standard, isRequired, isSecret, help }) => {
    const meaning = [title, help, isSecret ? "Secret." : ""].filter((text) => text !== "");
    const cells = [`\`${name}\``, meaning.join(". ").replaceAll("..", "."), kind];
    return `| ${[...cells, isRequired ? "required" : standard].map(cell).join(" | ")} |`;
  });
  return `## ${type.title}

${[`Type ${type.ids.map((id) => `\`${id}\``).join(" or ")}.`, type.description].join(" ").trim()} For example \`${type.example}\`

| field | meaning | kind | default |
|---|---|---|---|
${rows.join("\n")}
`;
}

const cell = (text: string): string => text.replaceAll("|", "\\|");
