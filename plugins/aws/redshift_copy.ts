/**
 * The COPY that reads an object of S3 into a table of Redshift. Pure. Its text may hold
 * secrets: it is never logged.
 */
import { type Connection, DagsmithError, identifier, joinSql, Sql, sql } from "dagsmith";
import type { Compression, CsvFormat } from "dagsmith/plugins/formats";
import { awsConnection } from "./connection.ts";
import { redshiftConnection } from "./redshift_connection.ts";

export interface CopySource {
  readonly bucket: string;
  readonly key: string;
  readonly format: "json" | "csv";
  readonly csv: CsvFormat;
  /** How the whole object is packed. */
  readonly packing: Compression | null;
}

/**
 * COPY of one object. Keys of JSON are matched to columns without regard to case; an
 * empty CSV field is null; dates and times are recognised in any usual form.
 * @param options what is added at the end, as it is
 */
export function copyStatement(
  into: Sql,
  columns: readonly string[],
  source: CopySource,
  access: CopyAccess,
  options: readonly string[],
): Sql {
  const names = joinSql(
    columns.map((name) => identifier(name)),
    ", ",
  );
  const format =
    source.format === "csv" ? csvWords(source.csv) : "format as json 'auto ignorecase'";
  const words = [
    access.clause,
    format,
    ...(source.packing ? [source.packing] : []),
    "dateformat 'auto' timeformat 'auto'",
    ...options,
  ];
  return sql`copy ${into} (${names}) ${new Sql([`from ${literal(`s3://${source.bucket}/${source.key}`)} ${words.join(" ")}`])}`;
}

/** Encodings by the names that Redshift has for them. */
const ENCODINGS: Readonly<Record<string, string>> = {
  utf8: "",
  utf8sig: "",
  utf16: "utf16",
  utf16le: "utf16le",
  utf16be: "utf16be",
  latin1: "iso88591",
  iso88591: "iso88591",
};

/**
 * How the CSV is written, in words of COPY. @throws DagsmithError INVALID_OPTION for what
 * COPY has no word for
 */
function csvWords({
  delimiter,
  quote,
  escape: escaper,
  header,
  nulls,
  encoding,
}: CsvFormat): string {
  const texts = nulls.filter((text) => text !== "");
  const name = ENCODINGS[encoding.toLowerCase().replace(/[^a-z0-9]/g, "")];
  if (escaper !== quote) refuseForRedshift("escape", escaper, "the quote, doubled");
  if (texts.length > 1)
    refuseForRedshift("nulls", texts.join(", "), "one text besides the empty one");
  if (name === undefined) refuseForRedshift("encoding", encoding, "utf-8, utf-16 and latin1");
  return [
    `csv delimiter as ${literal(delimiter)}`,
    ...(quote === '"' ? [] : [`quote as ${literal(quote)}`]),
    ...(header === true ? ["ignoreheader 1"] : []),
    ...(nulls.includes("") ? ["emptyasnull"] : []),
    ...texts.map((text) => `null as ${literal(text)}`),
    ...(name ? [`encoding ${name}`] : []),
  ].join(" ");
}

function refuseForRedshift(option: string, found: string, allowed: string): never {
  throw new DagsmithError("INVALID_OPTION", {
    where: "the CSV of a load into Redshift",
    option,
    found: `"${found}"`,
    allowed,
  });
}

/** How Redshift may read S3. */
export interface CopyAccess {
  /** The words of a COPY. */
  readonly clause: string;
  /** What must appear in no message. */
  readonly secrets: readonly string[];
}

/** ARNs, access keys and regions; nothing of it can end a literal. */
const PLAIN = /^[\w+/=:.,@-]+$/;

/**
 * `extra.role_arn` of the redshift connection, else of the S3 connection (an ARN, or
 * `default` for the cluster's own role), else the access key of the S3 connection;
 * `extra.region_name` of the S3 connection as the bucket's region.
 * @throws DagsmithError INVALID_CONNECTION
 */
export function copyAccess(warehouse: Connection, s3: Connection): CopyAccess {
  const source = awsConnection.read(s3);
  const role = redshiftConnection.read(warehouse).roleArn ?? source.roleArn;
  // The key of a login that assumes a role has not the rights of the role.
  const keys = role || source.s3.assumedRole ? undefined : source.s3.credentials;
  if (!role && !keys) {
    throw new DagsmithError("INVALID_CONNECTION", {
      id: warehouse.id,
      reason: `COPY needs extra.role_arn (an ARN, or "default")${
        source.s3.assumedRole
          ? `: connection "${s3.id}" assumes a role, which gives COPY no key`
          : `, or the access key of connection "${s3.id}"`
      }`,
    });
  }
  const region = source.bucketRegion;
  const secrets = keys
    ? [keys.secretAccessKey, ...(keys.sessionToken ? [keys.sessionToken] : [])]
    : [];
  const words = [
    ...(role
      ? [role === "default" ? "iam_role default" : `iam_role '${plain(warehouse, role)}'`]
      : []),
    ...(keys
      ? [
          `access_key_id '${plain(s3, keys.accessKeyId)}' secret_access_key '${plain(s3, keys.secretAccessKey)}'`,
        ]
      : []),
    ...(keys?.sessionToken ? [`session_token '${plain(s3, keys.sessionToken)}'`] : []),
    ...(region ? [`region '${plain(s3, region)}'`] : []),
  ];
  return { clause: words.join(" "), secrets };
}

function plain({ id }: Connection, text: string): string {
  if (PLAIN.test(text)) return text;
  throw new DagsmithError("INVALID_CONNECTION", {
    id,
    reason: "a role, key or region holds a character that none has",
  });
}

function literal(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

/** An error without secrets, wherever the server may have repeated them. */
export function withoutSecrets(error: unknown, secrets: readonly string[]): unknown {
  if (!(error instanceof Error)) return error;
  for (const secret of secrets) {
    error.message = error.message.replaceAll(secret, "***");
    error.stack = error.stack?.replaceAll(secret, "***") ?? "";
  }
  return error;
}
