/** Redshift's COPY from S3, carried out on a PostgreSQL. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import type { Client, QueryResult } from "pg";
import { from as copyFrom } from "pg-copy-streams";

const COPY =
  /^\s*copy\s+(?<table>\S+)\s+\((?<columns>[^)]*)\)\s+from\s+'s3:\/\/(?<bucket>[^/]+)\/(?<key>(?:[^']|'')*)'\s+(?<options>.*)$/is;

const KNOWN_OPTIONS =
  /(iam_role|access_key_id|secret_access_key|session_token|region|dateformat|timeformat|format as json|delimiter as|quote as|null as) ('(?:[^']|'')*'|default)|\b(csv|gzip|zstd|emptyasnull|truncatecolumns|ignoreheader 1|encoding (?:iso88591|utf16(?:le|be)?))\b/g;

/** Loads all objects whose key begins with the one named, as Redshift does. */
export async function runCopy(client: Client, s3Url: string, text: string): Promise<QueryResult> {
  const {
    table = "",
    columns = "",
    bucket = "",
    key = "",
    options = "",
  } = COPY.exec(text)?.groups ?? {};
  const unknown = options.replace(KNOWN_OPTIONS, "").trim();
  // Like some servers, this one repeats the statement.
  if (unknown !== "" || !/iam_role|access_key_id/.test(options))
    throw new Error(`syntax error at or near "${unknown}" in: ${text}`);
  let rowCount = 0;
  for (const content of await contents(s3Url, bucket, key.replaceAll("''", "'"))) {
    const plain = unpacked(content, options);
    rowCount += /\bcsv\b/.test(options)
      ? await copyCsv(client, table, columns, plain, options)
      : await copyJson(client, table, columns, plain);
  }
  return { rowCount, rows: [], fields: [], command: "COPY", oid: 0 };
}

function unpacked(content: Buffer, options: string): Buffer {
  if (/\bgzip\b/.test(options)) return gunzipSync(content);
  return /\bzstd\b/.test(options) ? zstdDecompressSync(content) : content;
}

async function contents(s3Url: string, Bucket: string, Prefix: string): Promise<readonly Buffer[]> {
  const credentials = { accessKeyId: "redshift", secretAccessKey: "redshift" };
  const s3 = new S3Client({
    endpoint: s3Url,
    region: "us-east-1",
    forcePathStyle: true,
    credentials,
  });
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
  if (Contents.length === 0) throw new Error("The specified S3 prefix does not exist");
  const objects = Contents.map(async ({ Key }) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: Key! }));
    return Buffer.from(await Body!.transformToByteArray());
  });
  return Promise.all(objects).finally(() => s3.destroy());
}

async function copyJson(
  client: Client,
  table: string,
  columns: string,
  content: Buffer,
): Promise<number> {
  const lines = content.toString().split("\n").filter(Boolean);
  const records = lines.map((line) =>
    Object.fromEntries(
      Object.entries(JSON.parse(line) as object).map(([key, value]) => [key.toLowerCase(), value]),
    ),
  );
  const rows = `jsonb_populate_recordset(null::${table}, $1::jsonb)`;
  const { rowCount } = await client.query(
    `insert into ${table} (${columns}) select ${columns} from ${rows}`,
    [JSON.stringify(records)],
  );
  return rowCount ?? 0;
}

async function copyCsv(
  client: Client,
  table: string,
  columns: string,
  content: Buffer,
  options: string,
): Promise<number> {
  const word = (name: string): string =>
    new RegExp(`${name} as ('(?:[^']|'')*')`).exec(options)?.[1] ?? "";
  const words = [
    `format csv, header ${options.includes("ignoreheader 1")}`,
    ...["delimiter", "quote", "null"].flatMap((name) =>
      word(name) ? `${name} ${word(name)}` : [],
    ),
    ...(options.includes("encoding iso88591") ? ["encoding 'latin1'"] : []),
  ];
  const copy = client.query(
    copyFrom(`copy ${table} (${columns}) from stdin (${words.join(", ")})`),
  );
  await pipeline(Readable.from([content]), copy);
  return copy.rowCount;
}
