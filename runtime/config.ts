/**
 * The environment, read in one place and checked once. Nothing else in runtime/ reads
 * `process.env`, so what a deployment may set is what stands here. An empty variable
 * counts as not set, but for DAG_SECRET_KEY.
 */
import { isIP } from "node:net";
import { hostname, userInfo } from "node:os";
import { type Duration, durationMs } from "../sdk/duration.ts";
import { errorMessage } from "../sdk/error_message.ts";
import { DagsmithError } from "../sdk/errors.ts";
import { MAX_OUTPUT_BYTES } from "../sdk/json.ts";
import { type OidcRule, parseOidcRules } from "./access/oidc_rules.ts";
import { parseRetention, type Retention } from "./retention.ts";

export interface Config {
  /** DATABASE_URL. */
  readonly databaseUrl: string | null;
  /**
   * DATABASE_URL_DIRECT: the same database without its pooler in transaction mode. Null:
   * DATABASE_URL is direct.
   */
  readonly databaseUrlDirect: string | null;
  /**
   * DAG_SECRET_KEY: the keys of stored connections and variables, each 32 bytes in
   * base64, the newest first. Empty is not the same as not set: a deployment that lost
   * its key must not start with another.
   */
  readonly secretKey: string | null;
  /**
   * DAG_WEB_HOST (default 127.0.0.1), DAG_WEB_PORT (null when not set), DAG_WEB_TOKEN,
   * DAG_TRUSTED_PROXIES (addresses and networks, separated by commas).
   */
  readonly web: {
    readonly host: string;
    readonly port: number | null;
    readonly token: string | null;
    readonly trustedProxies: readonly string[];
  };
  /**
   * DAG_METRICS_PORT: where each service answers with its metrics and probes; null: it
   * does not. DAG_METRICS_HOST: the address it listens on, default 127.0.0.1.
   */
  readonly metrics: { readonly host: string; readonly port: number | null };
  /**
   * DAG_BASE_URL: the address of the page as people reach it, without "/" at its end.
   * Null: messages have no links.
   */
  readonly baseUrl: string | null;
  /**
   * DAG_OIDC_ISSUER, DAG_OIDC_CLIENT_ID, DAG_OIDC_CLIENT_SECRET, DAG_OIDC_CLAIM (default
   * `groups`), DAG_OIDC_ROLES. Null: users log in with a password only.
   */
  readonly oidc: OidcSettings | null;
  /** DAG_TASK_USER: the user that task processes run as. Null: that of the worker. */
  readonly taskUser: string | null;
  /**
   * The secrets of dagsmith itself, for the masker: passwords of its database, key and
   * token.
   */
  readonly ownSecrets: readonly string[];
  /** DAG_WORKER_SLOTS: tries at once in one worker. Default 16. */
  readonly slots: number;
  /**
   * DAG_WORKER_GRACE: how long running tries may take to finish when their worker stops.
   * Default 10 s.
   */
  readonly workerGraceMs: number;
  /**
   * DAG_XCOM_FOLDER (a path as written, or a bucket's; null when not set), and
   * DAG_XCOM_SPILL_BYTES: larger values go there. Default 1 MiB, most 8 MiB.
   */
  readonly xcoms: { readonly folder: string | S3Folder | null; readonly spillBytes: number };
  /**
   * DAG_FILE_MAX_BYTES and DAG_RUN_FILES_MAX_BYTES: most bytes of a file that a task
   * stores, and of all files of a run. Default 8 GiB and 64 GiB.
   */
  readonly files: { readonly fileBytes: number; readonly runBytes: number };
  /** DAG_LOG_MAX_BYTES: most bytes of the log of a try. Default 64 MiB. */
  readonly logBytes: number;
  /**
   * DAG_RETENTION: at what age the scheduler deletes history. Default: it keeps all of
   * it.
   */
  readonly retention: Retention;
  /** False when NO_COLOR is set, or the terminal calls itself dumb. */
  readonly colorAllowed: boolean;
  /** The user of the system and its host, for the audit: `ada@laptop`. */
  readonly user: string;
  /** What a process that imports DAG files may see: PATH, HOME, TZ, LANG, NODE_ENV. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  /**
   * What task processes see: everything but dagsmith's own settings and the ways into its
   * database.
   */
  readonly taskEnvironment: Readonly<Record<string, string>>;
  /** DAG_CONN_<ID> and DAG_VAR_<KEY>. */
  readonly secrets: EnvironmentSecrets;
  readonly secretSources: SecretSourceSettings;
}

/** Where connections and variables are looked up. */
const SECRET_SOURCES = ["environment", "files", "aws", "vault", "database"] as const;
export type SecretSourceName = (typeof SECRET_SOURCES)[number];

interface SecretSourceSettings {
  /** DAG_SECRET_SOURCES, in this order. Default: environment, database. */
  readonly order: readonly SecretSourceName[];
  /** DAG_SECRETS_FOLDER. Default: /run/secrets. */
  readonly folder: string;
  /** DAG_SECRETS_PREFIX: how every name begins in AWS and Vault. Default: "dagsmith/". */
  readonly prefix: string;
  /** Null when the order does not name it. */
  readonly vault: VaultSettings | null;
}

export interface VaultSettings {
  /** VAULT_ADDR, without "/" at its end. */
  readonly address: string;
  /** VAULT_TOKEN, or the file of VAULT_TOKEN_FILE, which an agent may renew. */
  readonly token: string | { readonly file: string };
  /** VAULT_NAMESPACE. */
  readonly namespace: string | null;
  /** DAG_VAULT_MOUNT: where the KV engine is mounted. Default: secret. */
  readonly mount: string;
  readonly prefix: string;
}

/** Where users log in, and which roles a claim gives them. */
interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | null;
  readonly claim: string;
  readonly rules: readonly OidcRule[];
}

/** A folder of an S3 bucket, or of a bucket of a store that speaks its protocol. */
export interface S3Folder {
  readonly bucket: string;
  /** How every key begins: empty, or with "/" at its end. */
  readonly prefix: string;
  /** AWS_ENDPOINT_URL_S3, else AWS_ENDPOINT_URL. Null means AWS. */
  readonly endpoint: string | null;
  /** AWS_REGION, else AWS_DEFAULT_REGION. Null leaves it to the SDK. */
  readonly region: string | null;
  /**
   * DAG_XCOM_S3_PATH_STYLE: whether the bucket stands in the path and not in the host's
   * name. Default: with an endpoint.
   */
  readonly pathStyle: boolean;
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
const LOG_BYTES = 64 * 1024 * 1024;
const GIBIBYTE = 1024 ** 3;

type Environment = Readonly<Record<string, string | undefined>>;

const INHERITED = ["PATH", "HOME", "TZ", "LANG", "NODE_ENV"];
export const CONNECTION_PREFIX = "DAG_CONN_";
export const VARIABLE_PREFIX = "DAG_VAR_";

/**
 * Reads the environment.
 * @throws DagsmithError INVALID_ARGUMENT naming the variable that holds no usable value
 */
export function readConfig(environment: Environment = process.env): Config {
  const text = (name: string): string | null => environment[name] || null;
  return {
    databaseUrl: text("DATABASE_URL"),
    databaseUrlDirect: text("DATABASE_URL_DIRECT"),
    secretKey: environment.DAG_SECRET_KEY ?? null,
    web: {
      host: text("DAG_WEB_HOST") ?? "127.0.0.1",
      port: port("DAG_WEB_PORT", text("DAG_WEB_PORT")),
      token: text("DAG_WEB_TOKEN"),
      trustedProxies: trustedProxies(text("DAG_TRUSTED_PROXIES")),
    },
    metrics: {
      host: text("DAG_METRICS_HOST") ?? "127.0.0.1",
      port: port("DAG_METRICS_PORT", text("DAG_METRICS_PORT")),
    },
    baseUrl: baseUrl(text("DAG_BASE_URL")),
    oidc: oidcSettings(text),
    taskUser: text("DAG_TASK_USER"),
    ownSecrets: ownSecrets(environment),
    slots: wholeNumber("DAG_WORKER_SLOTS", text("DAG_WORKER_SLOTS"), 16, 1, 1_000),
    workerGraceMs: grace(text("DAG_WORKER_GRACE")),
    xcoms: {
      folder: xcomFolder(text),
      spillBytes: wholeNumber(
        "DAG_XCOM_SPILL_BYTES",
        text("DAG_XCOM_SPILL_BYTES"),
        SPILL_BYTES,
        1,
        MAX_OUTPUT_BYTES,
      ),
    },
    files: {
      fileBytes: fileBytes(text, "DAG_FILE_MAX_BYTES", 8 * GIBIBYTE),
      runBytes: fileBytes(text, "DAG_RUN_FILES_MAX_BYTES", 64 * GIBIBYTE),
    },
    logBytes: wholeNumber(
      "DAG_LOG_MAX_BYTES",
      text("DAG_LOG_MAX_BYTES"),
      LOG_BYTES,
      64 * 1024,
      1024 * LOG_BYTES,
    ),
    retention: retention(text("DAG_RETENTION")),
    colorAllowed: !text("NO_COLOR") && environment.TERM !== "dumb",
    user: `${systemUser()}@${hostname()}`,
    inherited: Object.fromEntries(INHERITED.map((name) => [name, environment[name]])),
    taskEnvironment: taskEnvironment(environment),
    secrets: environmentSecrets(environment),
    secretSources: secretSources(text),
  };
}

function fileBytes(text: (name: string) => string | null, name: string, otherwise: number): number {
  return wholeNumber(name, text(name), otherwise, 1, 1024 * GIBIBYTE);
}

/** @throws DagsmithError INVALID_ARGUMENT */
function oidcSettings(text: (name: string) => string | null): OidcSettings | null {
  const issuer = text("DAG_OIDC_ISSUER");
  if (issuer === null) return null;
  const needed = (name: string, reason: string): string => text(name) ?? refused(name, reason);
  if (!URL.canParse(issuer)) refused("DAG_OIDC_ISSUER", "it must be the address of the provider");
  needed("DAG_BASE_URL", "it must be set for DAG_OIDC_ISSUER: the provider answers to it");
  return {
    issuer,
    clientId: needed("DAG_OIDC_CLIENT_ID", "it must be set for DAG_OIDC_ISSUER"),
    clientSecret: text("DAG_OIDC_CLIENT_SECRET"),
    claim: text("DAG_OIDC_CLAIM") ?? "groups",
    rules: oidcRules(
      needed("DAG_OIDC_ROLES", "without a rule, users of the provider have no role"),
    ),
  };
}

function oidcRules(text: string): readonly OidcRule[] {
  try {
    return parseOidcRules(text);
  } catch (error) {
    return refused("DAG_OIDC_ROLES", errorMessage(error));
  }
}

/** Asked of the system: a variable such as USER may hold any name. */
function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // The user has no name on this machine, as in many containers.
    return String(process.getuid?.() ?? "unknown");
  }
}

/**
 * Addresses of proxies, and networks such as 10.0.0.0/8. `loopback` is this machine.
 * @throws DagsmithError INVALID_ARGUMENT
 */
function trustedProxies(value: string | null): readonly string[] {
  const given = (value ?? "").split(",").map((one) => one.trim());
  const proxies = given.filter((one) => one !== "");
  const wrong = proxies.find((one) => one !== "loopback" && !isNetwork(one));
  if (wrong === undefined) return proxies;
  return refused(
    "DAG_TRUSTED_PROXIES",
    `"${wrong}" is neither an address, nor a network such as 10.0.0.0/8, nor "loopback"`,
  );
}

function isNetwork(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  const isPrefix = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
  return most > 0 && isPrefix && rest.length === 0;
}

/** @throws DagsmithError INVALID_ARGUMENT */
function baseUrl(value: string | null): string | null {
  if (value === null) return null;
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "")
    throw new DagsmithError("INVALID_ARGUMENT", {
      argument: "DAG_BASE_URL",
      reason: "it must be the address of the page, such as https://dagsmith.example.org",
    });
  return url.href.replace(/\/+$/, "");
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

/**
 * A task gets its connections one by one, from its worker. Its environment must not hold
 * all of them at once, nor a secret of dagsmith under another name.
 */
function taskEnvironment(environment: Environment): Readonly<Record<string, string>> {
  const secrets = ownSecrets(environment);
  const isOurs = (name: string, value: string): boolean =>
    /^(DAG_|PG)/.test(name) ||
    /^DATABASE_URL(_DIRECT)?$/.test(name) ||
    secrets.some((secret) => value.includes(secret));
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined || isOurs(name, value) ? [] : [[name, value]],
    ),
  );
}

/** Shorter texts occur by chance, and are not masked either. */
const LEAST_SECRET = 5;

function ownSecrets(environment: Environment): readonly string[] {
  const { DATABASE_URL, DATABASE_URL_DIRECT, DAG_SECRET_KEY, DAG_WEB_TOKEN } = environment;
  const { DAG_OIDC_CLIENT_SECRET, PGPASSWORD, VAULT_TOKEN } = environment;
  return [
    ...[DATABASE_URL, DATABASE_URL_DIRECT].flatMap(passwordsIn),
    ...(DAG_SECRET_KEY ?? "").split(/[\s,]+/),
    ...[DAG_WEB_TOKEN, DAG_OIDC_CLIENT_SECRET, PGPASSWORD, VAULT_TOKEN],
  ].filter((secret) => secret !== undefined && secret.length >= LEAST_SECRET) as string[];
}

/** The password of an address of a database, as it is written there and as it is sent. */
export function passwordsIn(address: string | undefined): readonly string[] {
  const url = address === undefined ? null : URL.parse(address);
  if (!url) return [];
  const given = [url.password, url.searchParams.get("password") ?? ""];
  return [...given, ...given.map(decoded)].filter((password) => password !== "");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * What begins like a URL is one: taken for a path, a misspelt one would make a folder
 * that no other machine sees.
 */
function xcomFolder(text: (name: string) => string | null): string | S3Folder | null {
  const name = "DAG_XCOM_FOLDER";
  const folder = text(name);
  const scheme = /^([a-z][a-z0-9+.-]+):\//i.exec(folder ?? "")?.[1];
  if (folder === null || scheme === undefined) return folder;
  if (scheme.toLowerCase() !== "s3")
    refused(name, `it begins with "${scheme}:"; allowed: a path, or s3://bucket/prefix`);
  const [, bucket = "", prefix = ""] = /^[^:]+:\/\/([^/]*)\/?(.*?)\/?$/.exec(folder) ?? [];
  const isPrefix =
    prefix === "" ||
    (prefix.length <= LONGEST_PREFIX && prefix.split("/").every((part) => PREFIX_PART.test(part)));
  // Not repeated: people put credentials in front of a bucket.
  if (!BUCKET.test(bucket) || !isPrefix) refused(name, S3_URL_RULE);
  const endpoint = endpointOf(text);
  return {
    bucket,
    prefix: prefix === "" ? "" : `${prefix}/`,
    endpoint,
    region: text("AWS_REGION") ?? text("AWS_DEFAULT_REGION"),
    pathStyle: trueOrFalse(
      "DAG_XCOM_S3_PATH_STYLE",
      text("DAG_XCOM_S3_PATH_STYLE"),
      endpoint !== null,
    ),
  };
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/**
 * Nothing but dots would be a way out of the prefix in a store that keeps its objects as
 * files.
 */
const PREFIX_PART = /^(?!\.+$)[\w.=-]+$/;
/** A key has at most 1024 bytes. */
const LONGEST_PREFIX = 900;
const S3_URL_RULE =
  "it is not s3://bucket/prefix, with a bucket of 3 to 63 lower-case letters, digits, - or ., and a prefix of at most 900 letters, digits, _, -, ., = and single / (credentials are set elsewhere)";

function endpointOf(text: (name: string) => string | null): string | null {
  const name = text("AWS_ENDPOINT_URL_S3") === null ? "AWS_ENDPOINT_URL" : "AWS_ENDPOINT_URL_S3";
  const endpoint = text(name);
  if (endpoint === null) return null;
  const url = URL.parse(endpoint);
  if (url && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "")
    return endpoint;
  refused(
    name,
    "it is not a URL that begins with http:// or https:// and has no credentials in it",
  );
}

function trueOrFalse(name: string, text: string | null, otherwise: boolean): boolean {
  if (text === null) return otherwise;
  if (text !== "true" && text !== "false") refused(name, `it is "${text}"; allowed: true, false`);
  return text === "true";
}

const GRACE_MS = 10_000;
/** A day; timers of Node end at 24. */
const LONGEST_GRACE_MS = 24 * 60 * 60_000;

function grace(value: string | null): number {
  const name = "DAG_WORKER_GRACE";
  if (value === null) return GRACE_MS;
  const rule = `it is "${value}"; allowed: a duration from 0s to 24h, such as 30s or 10m`;
  try {
    const ms = durationMs(value as Duration);
    return ms <= LONGEST_GRACE_MS ? ms : refused(name, rule);
  } catch {
    return refused(name, rule);
  }
}

/** 0: any free one. */
function port(name: string, text: string | null): number | null {
  return text === null ? null : wholeNumber(name, text, 0, 0, 65_535);
}

function wholeNumber(
  name: string,
  text: string | null,
  otherwise: number,
  min: number,
  max: number,
): number {
  const value = Number(text ?? otherwise);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  refused(name, `it is "${text}"; allowed: a whole number from ${min} to ${max}`);
}

function secretSources(text: (name: string) => string | null): SecretSourceSettings {
  const order = (text("DAG_SECRET_SOURCES") ?? "environment,database")
    .split(",")
    .map((name) => name.trim());
  for (const name of order)
    if (!SECRET_SOURCES.includes(name as SecretSourceName))
      refused(
        "DAG_SECRET_SOURCES",
        `"${name}" is no source; allowed: ${SECRET_SOURCES.join(", ")}`,
      );
  const prefix = secretsPrefix(text("DAG_SECRETS_PREFIX") ?? "dagsmith/");
  return {
    order: [...new Set(order as SecretSourceName[])],
    folder: text("DAG_SECRETS_FOLDER") ?? "/run/secrets",
    prefix,
    vault: order.includes("vault") ? vaultSettings(text, prefix) : null,
  };
}

function secretsPrefix(prefix: string): string {
  if (/^(?:[\w.-]+\/)*$/.test(prefix) && !/(?:^|\/)\.+\//.test(prefix)) return prefix;
  return refused("DAG_SECRETS_PREFIX", `it is "${prefix}"; allowed: names that end with /`);
}

function vaultSettings(text: (name: string) => string | null, prefix: string): VaultSettings {
  const address = URL.parse(text("VAULT_ADDR") ?? "");
  // Not repeated: people put credentials in front of a host.
  if (!address || !/^https?:$/.test(address.protocol) || address.username !== "")
    refused(
      "VAULT_ADDR",
      "it must be the address of Vault, such as https://vault.example.org:8200",
    );
  const [token, file] = [text("VAULT_TOKEN"), text("VAULT_TOKEN_FILE")];
  if (token === null && file === null)
    refused(
      "VAULT_TOKEN",
      "it or VAULT_TOKEN_FILE must be set, because DAG_SECRET_SOURCES has vault",
    );
  const mount = text("DAG_VAULT_MOUNT") ?? "secret";
  if (!/^[\w-]+(?:\/[\w-]+)*$/.test(mount))
    refused("DAG_VAULT_MOUNT", `it is "${mount}"; allowed: the path of a mount, such as secret`);
  return {
    address: address.href.replace(/\/+$/, ""),
    token: file === null ? (token ?? "") : { file },
    namespace: text("VAULT_NAMESPACE"),
    ...{ mount, prefix },
  };
}

function retention(text: string | null): Retention {
  try {
    return text === null ? {} : parseRetention(text);
  } catch (error) {
    return refused("DAG_RETENTION", errorMessage(error));
  }
}

function refused(argument: string, reason: string): never {
  throw new DagsmithError("INVALID_ARGUMENT", { argument, reason });
}
