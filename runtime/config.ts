/**
 * The environment, read in one place and checked once. Nothing else in runtime/ reads `process.env`, so what a deployment may set is
 * what stands here. An empty variable counts as not set.
 */
import { DagsmithError } from "../sdk/errors.ts";
import { MAX_OUTPUT_BYTES } from "../sdk/json.ts";

export interface Config {
  /** DATABASE_URL. */
  readonly databaseUrl: string | null;
  /** DAG_SECRET_KEY: 32 bytes in base64, the key of stored connections and variables. */
  readonly secretKey: string | null;
  /** DAG_WEB_HOST (default 127.0.0.1), DAG_WEB_PORT (null when not set), DAG_WEB_TOKEN. */
  readonly web: { readonly host: string; readonly port: number | null; readonly token: string | null };
  /** DAG_WORKER_SLOTS: tries at once in one worker. Default 16. */
  readonly slots: number;
  /** DAG_XCOM_FOLDER (null when not set), and DAG_XCOM_SPILL_BYTES: larger values go there. Default 1 MiB, most 8 MiB. */
  readonly xcoms: { readonly folder: string | null; readonly spillBytes: number };
  /** False when NO_COLOR is set, or the terminal calls itself dumb. */
  readonly colorAllowed: boolean;
  /** Who is at the keyboard, for the audit. */
  readonly user: string;
  /** What a process that imports DAG files may see: PATH, HOME, TZ, LANG, NODE_ENV. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  /** What task processes see: everything but dagsmith's own settings and the ways into its database. */
  readonly taskEnvironment: Readonly<Record<string, string>>;
  /** DAG_CONN_<ID> and DAG_VAR_<KEY>. */
  readonly secrets: EnvironmentSecrets;
}

/** Connections and variables given by the environment; they win over stored ones. */
export interface EnvironmentSecrets {
  /** JSON or URI, as written. */
  connection(id: string): string | null;
  variable(key: string): string | null;
  /** Every DAG_CONN_* and DAG_VAR_*, by the part of the name behind the prefix. */
  readonly connections: ReadonlyMap<string, string>;
  readonly variables: ReadonlyMap<string, string>;
}

const SPILL_BYTES = 1024 * 1024;

type Environment = Readonly<Record<string, string | undefined>>;

const INHERITED = ["PATH", "HOME", "TZ", "LANG", "NODE_ENV"];
const CONNECTION_PREFIX = "DAG_CONN_";
const VARIABLE_PREFIX = "DAG_VAR_";

/**
 * Reads the environment.
 * @throws DagsmithError INVALID_ARGUMENT naming the variable that holds no usable value
 */
export function readConfig(environment: Environment = process.env): Config {
  const text = (name: string): string | null => environment[name] || null;
  return {
    databaseUrl: text("DATABASE_URL"),
    secretKey: text("DAG_SECRET_KEY"),
    web: {
      host: text("DAG_WEB_HOST") ?? "127.0.0.1",
      port: text("DAG_WEB_PORT") === null ? null : wholeNumber("DAG_WEB_PORT", text("DAG_WEB_PORT"), 0, 0, 65_535),
      token: text("DAG_WEB_TOKEN"),
    },
    slots: wholeNumber("DAG_WORKER_SLOTS", text("DAG_WORKER_SLOTS"), 16, 1, 1_000),
    xcoms: {
      folder: text("DAG_XCOM_FOLDER"),
      spillBytes: wholeNumber("DAG_XCOM_SPILL_BYTES", text("DAG_XCOM_SPILL_BYTES"), SPILL_BYTES, 1, MAX_OUTPUT_BYTES),
    },
    colorAllowed: !text("NO_COLOR") && environment.TERM !== "dumb",
    user: text("USER") ?? text("LOGNAME") ?? text("USERNAME") ?? "unknown",
    inherited: Object.fromEntries(INHERITED.map((name) => [name, environment[name]])),
    taskEnvironment: taskEnvironment(environment),
    secrets: environmentSecrets(environment),
  };
}

/** The variable that sets a connection: `DAG_CONN_MY_LAKE` for `my-lake`. */
export function connectionVariable(id: string): string {
  return `${CONNECTION_PREFIX}${suffix(id)}`;
}

/** The variable that sets a variable: `DAG_VAR_REGION` for `region`. */
export function variableVariable(key: string): string {
  return `${VARIABLE_PREFIX}${suffix(key)}`;
}

function suffix(id: string): string {
  return id.toUpperCase().replace(/[^A-Z0-9]/g, "_");
}

function environmentSecrets(environment: Environment): EnvironmentSecrets {
  const withPrefix = (prefix: string): ReadonlyMap<string, string> =>
    new Map(
      Object.entries(environment).flatMap(([name, value]) =>
        name.startsWith(prefix) && value ? [[name.slice(prefix.length), value]] : [],
      ),
    );
  const connections = withPrefix(CONNECTION_PREFIX);
  const variables = withPrefix(VARIABLE_PREFIX);
  return {
    connections,
    variables,
    connection: (id) => connections.get(suffix(id)) ?? null,
    variable: (key) => variables.get(suffix(key)) ?? null,
  };
}

/** Connections reach a task through its worker, one by one; the environment must not hand it all of them at once. */
function taskEnvironment(environment: Environment): Readonly<Record<string, string>> {
  const isOurs = (name: string): boolean => /^(DAG_|PG)/.test(name) || name === "DATABASE_URL";
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined || isOurs(name) ? [] : [[name, value]])),
  );
}

function wholeNumber(name: string, text: string | null, otherwise: number, min: number, max: number): number {
  const value = Number(text ?? otherwise);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new DagsmithError("INVALID_ARGUMENT", { argument: name, reason: `it is "${text}"; allowed: a whole number from ${min} to ${max}` });
}
